import type { ColumnSpec, TableSpec } from "@cinelake/contracts";
import {
  columnCheck,
  columnInputs,
  hasFraction,
  working,
  workingColumns,
  type ColumnCheck,
  type ColumnInput,
} from "./column_checks.ts";
import { identifier, literal } from "./sql_text.ts";

/** `FROM`-able texts of one ingestion's Bronze rows: the target's source, and the table joined to it. */
export interface Relations {
  readonly source: string;
  readonly joined?: string;
}

/** Specifications that a Silver table is made from. */
export interface Lineage {
  readonly target: TableSpec;
  readonly source: TableSpec;
  readonly joined?: TableSpec;
}

/** Columns of a staged relation beside those of the target. */
export const STAGED = {
  row: "row_number",
  reason: "staged_reason",
  nulled: "staged_nulled",
  json: "staged_row",
} as const;

/**
 * SQL that types and judges every row of a source: the target's columns, `row_number`, the reason of the rejection (rules joined by
 * `; `, null for a good row), the columns that were set to null, and for a rejected row the Bronze row as JSON. One row out for one
 * row in, whatever the joined table holds.
 */
export function stagingSql(lineage: Lineage, from: Relations): string {
  const { target, source, joined } = lineage;
  const own = columnInputs(
    target.columns.filter((column) => column.joined !== true),
    columnNames(source),
  );
  const foreign = joined
    ? columnInputs(
        target.columns.filter((column) => column.joined === true),
        columnNames(joined),
      )
    : [];
  const checks = checksOf(lineage);
  const raw = fileColumns(source).map((column) => `${literal(column.name)}: ${identifier(column.name)}`);
  const items = [`row_number`, `{${raw.join(", ")}} AS raw`, ...own.flatMap(workingColumns)];
  const steps = [`typed AS (SELECT ${items.join(", ")} FROM ${from.source})`];
  let typed = "typed";
  if (foreign.length > 0) {
    steps.push(joinedStep(lineage, from, foreign));
    const items = foreign.flatMap(joinedItems);
    const key = working.value(target.source?.left_join?.on ?? "");
    steps.push(
      `complete AS (SELECT typed.*, ${items.join(", ")} FROM typed LEFT JOIN joined ON joined.join_key = typed.${key})`,
    );
    typed = "complete";
  }
  steps.push(
    `judged AS (SELECT *, ${reasonsSql(checks)} AS ${STAGED.reason}, ${nulledSql(checks)} AS ${STAGED.nulled} FROM ${typed})`,
  );
  const columns = target.columns.map((column) => `${outputSql(target, column, checks)} AS ${identifier(column.name)}`);
  return `WITH ${steps.join(",\n")}
SELECT ${columns.join(", ")}, ${STAGED.row}, ${STAGED.reason}, ${STAGED.nulled},
  CASE WHEN ${STAGED.reason} IS NOT NULL THEN to_json(raw)::VARCHAR END AS ${STAGED.json}
FROM judged`;
}

/** SQL over a staged relation: the good rows, of each key the first by the specification's order. */
export function deduplicatedSql(target: TableSpec, staged: string): string {
  const columns = target.columns.map((column) => identifier(column.name)).join(", ");
  const good = `SELECT ${columns} FROM ${staged} WHERE ${STAGED.reason} IS NULL`;
  if (!target.dedupe) return good;
  const key = target.dedupe.key.map(identifier).join(", ");
  return `${good} QUALIFY row_number() OVER (PARTITION BY ${key} ORDER BY ${target.dedupe.order.join(", ")}) = 1`;
}

/** The checks of a target's columns, in their order; a constant needs none. */
export function checksOf(lineage: Lineage): ColumnCheck[] {
  const inputs = (joined: boolean, spec: TableSpec | undefined) =>
    columnInputs(
      lineage.target.columns.filter((column) => (column.joined === true) === joined),
      spec ? columnNames(spec) : [],
    );
  const read = [...inputs(false, lineage.source), ...inputs(true, lineage.joined)].filter(
    ({ reads }) => reads.length > 0,
  );
  return read.map(({ column, alone }) => columnCheck(column, alone));
}

/** The first day, in UTC, of what a partition of the table spans. */
function eventDateSql(target: TableSpec, instant: string): string {
  return `date_trunc('${target.granularity ?? "day"}', make_timestamp(epoch_us(${instant})))::DATE`;
}

function joinedStep(lineage: Lineage, from: Relations, foreign: readonly ColumnInput[]): string {
  const on = lineage.target.source?.left_join?.on;
  const key = lineage.target.columns.find((column) => column.name === on)?.expression;
  if (key === undefined || from.joined === undefined)
    throw new Error(`${lineage.target.name}: the join has no key column`);
  const items = [`TRY(${key}) AS join_key`, ...foreign.flatMap(workingColumns)];
  return `joined AS (SELECT ${items.join(", ")} FROM ${from.joined} QUALIFY row_number() OVER (PARTITION BY join_key ORDER BY row_number DESC) = 1)`;
}

/** A row without a partner has blank text, not a missing verdict. */
function joinedItems(input: ColumnInput): string[] {
  const { value, blank, fraction } = working;
  const name = input.column.name;
  const items = [`joined.${value(name)}`, `coalesce(joined.${blank(name)}, true) AS ${blank(name)}`];
  if (hasFraction(input)) items.push(`coalesce(joined.${fraction(name)}, false) AS ${fraction(name)}`);
  return items;
}

function reasonsSql(checks: readonly ColumnCheck[]): string {
  const cases = checks.flatMap((check) => [
    ...(check.incomplete === undefined
      ? []
      : [`CASE WHEN ${check.incomplete} THEN ${literal(`completeness: ${check.column}`)} END`]),
    ...(check.invalid === undefined
      ? []
      : [`CASE WHEN ${check.invalid} THEN ${literal(`validity: ${check.column}`)} END`]),
  ]);
  return cases.length === 0 ? "NULL::VARCHAR" : `nullif(concat_ws('; ', ${cases.join(", ")}), '')`;
}

function nulledSql(checks: readonly ColumnCheck[]): string {
  const cases = checks.flatMap((check) =>
    check.nulled === undefined ? [] : [`CASE WHEN ${check.nulled} THEN ${literal(`validity: ${check.column}`)} END`],
  );
  return cases.length === 0 ? "NULL::VARCHAR" : `nullif(concat_ws('; ', ${cases.join(", ")}), '')`;
}

function outputSql(target: TableSpec, column: ColumnSpec, checks: readonly ColumnCheck[]): string {
  if (column.derived === true) return eventDateSql(target, working.value("event_ts"));
  const nulled = checks.find((check) => check.column === column.name)?.nulled;
  return nulled === undefined
    ? working.value(column.name)
    : `CASE WHEN NOT (${nulled}) THEN ${working.value(column.name)} END`;
}

function columnNames(spec: TableSpec): string[] {
  return spec.columns.map((column) => column.name);
}

/** Columns of the source file, without those that the ingestion adds. */
function fileColumns(spec: TableSpec): ColumnSpec[] {
  return spec.columns.filter((column) => column.source !== undefined);
}
