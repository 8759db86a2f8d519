import { CinelakeError } from "@cinelake/contracts";
import { planEtl, SILVER_TABLES, STAGED_TABLES, type SilverTable } from "./plan.ts";
import type { EtlInput, EtlPorts, EtlProgress } from "./ports.ts";
import { inputOf, publish } from "./publish.ts";
import { gateRows, qualityReport, type QualityReport } from "./quality.ts";
import { storedReport, storeReport } from "./quality_store.ts";
import { stageTables } from "./stage.ts";

export interface EtlResult {
  /** False if the tables already held this ingestion: nothing was written. */
  readonly changed: boolean;
  readonly report: QualityReport;
  /** Versions made by this run. */
  readonly tables: readonly { readonly table: SilverTable; readonly version: number; readonly rows: number }[];
}

/**
 * Makes the Silver tables from one ingestion in Bronze. All tables are staged and judged before any of them is touched; then each is
 * written in one commit that carries the fingerprint of its input, so a run that was killed is finished by the next, and a run
 * without news writes nothing. Throws `dataset_missing` without such an ingestion, and `quality_gate_failed` (the report is stored
 * and lies in `details.report`) if more rows of a table failed than its specification allows.
 */
export async function bronzeToSilver(
  { engine, ...others }: EtlPorts,
  input: EtlInput,
  progress: EtlProgress = () => {},
): Promise<EtlResult> {
  // A connection of its own: its long statements do not keep others waiting.
  await using session = await engine.session();
  const ports = { ...others, engine: session };
  const plan = planEtl(input);
  const total = STAGED_TABLES.length + SILVER_TABLES.length + 1;
  let done = 0;
  const step = (name: string): void => progress({ step: name, done: done++, total });

  const former = await storedReport(ports, plan.runId);
  const stale: SilverTable[] = [];
  for (const name of SILVER_TABLES) if ((await inputOf(ports, name)) !== plan.fingerprint) stale.push(name);
  if (stale.length === 0 && former) return { changed: false, report: former, tables: [] };

  await using directory = await ports.store.stagingDirectory();
  const staged = await stageTables(ports, plan, input, directory.path, (name) => step(`check ${name}`));
  const report = former ?? qualityReport(staged.measurements, { runId: plan.runId, now: input.now });
  if (!report.passed) {
    step("store quality report");
    if (!former) await storeReport(ports, report);
    throw gateFailed(report);
  }
  const tables: EtlResult["tables"][number][] = [];
  for (const name of SILVER_TABLES) {
    step(`write ${name}`);
    if (!stale.includes(name)) continue;
    const { version, addedRows } = await publish(ports, name, plan, staged, input);
    tables.push({ table: name, version, rows: addedRows });
  }
  step("store quality report");
  if (!former) await storeReport(ports, report);
  progress({ step: "done", done: total, total });
  return { changed: true, report, tables };
}

function gateFailed(report: QualityReport): CinelakeError {
  const failed = gateRows(report.rows).filter((row) => !row.passed);
  const counts = failed.map(
    (row) => `${row.table_name}: ${row.failed_rows} of ${row.checked_rows} rows failed (${row.details})`,
  );
  return new CinelakeError(
    "quality_gate_failed",
    `${counts.join("; ")}. Silver is unchanged; correct the source files and bootstrap again`,
    { details: { report } },
  );
}
