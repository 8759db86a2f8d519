import { utcDay, type GoldDataQualityRow } from "@cinelake/contracts";
import { checksOf, type Lineage } from "./staging_sql.ts";

/** What was counted for one Silver table. */
export interface Measurement {
  readonly lineage: Lineage;
  readonly checkedRows: number;
  /** How many rows had this reason (rules joined by `; `), and these columns set to null. */
  readonly findings: readonly {
    readonly reason: string | null;
    readonly nulled: string | null;
    readonly rows: number;
  }[];
  /** Good rows left once duplicates are gone. */
  readonly keptRows: number;
  /** Good rows that refer to nothing, by column. */
  readonly missing: readonly {
    readonly column: string;
    readonly references: string;
    readonly rows: number;
    readonly keys: number;
  }[];
  /** When the newest Bronze row was written, milliseconds since the epoch. */
  readonly newestIngestion: number;
}

/** Result of every rule at one run, as gold_data_quality holds it. */
export interface QualityReport {
  readonly runId: string;
  /** False if a table had more failed rows than its specification allows. */
  readonly passed: boolean;
  readonly rows: readonly GoldDataQualityRow[];
}

const DEFAULT_LIMIT = 0.05;
/** How old Silver's input may be, milliseconds (M34). */
const FRESH = 60 * 60_000;

/** The rules' results for all tables; pure. */
export function qualityReport(measured: readonly Measurement[], run: { runId: string; now: number }): QualityReport {
  const rows = measured.flatMap((measurement) => tableRows(measurement, run));
  return reportOf(run.runId, rows);
}

/** A report from its rows: the rule `validity` of `*` is the gate. */
export function reportOf(runId: string, rows: readonly GoldDataQualityRow[]): QualityReport {
  return { runId, passed: gateRows(rows).every((row) => row.passed), rows };
}

/** One row per table: all rows that are incomplete or invalid, against the table's limit. */
export function gateRows(rows: readonly GoldDataQualityRow[]): GoldDataQualityRow[] {
  return rows.filter((row) => row.rule === "validity" && row.column_name === "*");
}

/** Whether `failed` of `checked` rows are within a limit; exactly the limit is. */
export function withinLimit(failed: number, checked: number, limit: number): boolean {
  return failed === 0 || failed / checked <= limit;
}

function tableRows(measurement: Measurement, run: { runId: string; now: number }): GoldDataQualityRow[] {
  const { lineage, checkedRows, findings } = measurement;
  const { target } = lineage;
  const limit = target.max_failed_fraction ?? DEFAULT_LIMIT;
  const row = (rule: string, column: string, result: RuleResult): GoldDataQualityRow => ({
    run_id: run.runId,
    table_name: target.name,
    rule,
    column_name: column,
    checked_rows: result.checked ?? checkedRows,
    failed_rows: result.failed,
    passed: result.passed,
    details: result.details ?? null,
    computed_ts: new Date(run.now).toISOString(),
    computed_date: utcDay(run.now),
  });
  const counts = countRules(findings);
  const failed = findings.reduce((sum, { reason, rows }) => sum + (reason === null ? 0 : rows), 0);
  const columns = checksOf(lineage).flatMap((check) => {
    const judged = (rule: string) => {
      const broken = counts.rejected.get(`${rule}: ${check.column}`) ?? 0;
      const nulled = counts.nulled.get(`${rule}: ${check.column}`) ?? 0;
      const details = nulled > 0 ? `${nulled} values set to null, rows kept` : undefined;
      return row(rule, check.column, {
        failed: broken + nulled,
        passed: withinLimit(broken, checkedRows, limit),
        details,
      });
    };
    const validity = check.invalid !== undefined || check.nulled !== undefined;
    return [...(check.incomplete ? [judged("completeness")] : []), ...(validity ? [judged("validity")] : [])];
  });
  const duplicates = checkedRows - failed - measurement.keptRows;
  const age = run.now - measurement.newestIngestion;
  return [
    ...columns,
    row("validity", "*", {
      failed,
      passed: withinLimit(failed, checkedRows, limit),
      details: failed > 0 ? `limit ${percent(limit)}; ${commonest(findings)}` : undefined,
    }),
    row("uniqueness", "*", {
      checked: checkedRows - failed,
      failed: duplicates,
      passed: true,
      details: duplicates > 0 ? `of rows with equal ${target.primary_key.join(", ")} the latest stays` : undefined,
    }),
    ...measurement.missing.map(({ column, references, rows, keys }) =>
      row("consistency", column, {
        checked: measurement.keptRows,
        failed: rows,
        passed: true,
        details: keys > 0 ? `${keys} placeholders in ${references}` : undefined,
      }),
    ),
    row("freshness", "*", {
      failed: age <= FRESH ? 0 : checkedRows,
      passed: age <= FRESH,
      details: `ingested ${Math.max(0, Math.round(age / 60_000))} minutes before; limit 60`,
    }),
  ];
}

interface RuleResult {
  readonly checked?: number;
  readonly failed: number;
  readonly passed: boolean;
  readonly details?: string | undefined;
}

function countRules(findings: Measurement["findings"]): { rejected: Map<string, number>; nulled: Map<string, number> } {
  const [rejected, nulled] = [new Map<string, number>(), new Map<string, number>()];
  const add = (counts: Map<string, number>, rules: string | null, rows: number) => {
    for (const rule of rules?.split("; ") ?? []) counts.set(rule, (counts.get(rule) ?? 0) + rows);
  };
  for (const finding of findings) {
    add(rejected, finding.reason, finding.rows);
    add(nulled, finding.nulled, finding.rows);
  }
  return { rejected, nulled };
}

function commonest(findings: Measurement["findings"]): string {
  const byReason = new Map<string, number>();
  for (const { reason, rows } of findings)
    if (reason !== null) byReason.set(reason, (byReason.get(reason) ?? 0) + rows);
  const ordered = [...byReason].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return ordered
    .slice(0, 3)
    .map(([reason, rows]) => `${reason} (${rows})`)
    .join(", ");
}

function percent(fraction: number): string {
  return `${Number((fraction * 100).toFixed(2))} %`;
}
