import { quoteName } from "../sql/quote.ts";
import { feedRows, POSITION } from "./touched.ts";

export interface MergeSql {
  /** All columns of the table. */
  readonly columns: readonly string[];
  readonly key: readonly string[];
  /** Temporary table with the source's rows, numbered by `SOURCE_ROW`. */
  readonly source: string;
  /** Temporary table to hold what `matchesSql` finds. */
  readonly matches: string;
  /** SQL over `source` and `target`; see MergeOptions. */
  readonly updateWhen: string;
  /** SQL over `target` that says which rows can match. */
  readonly where: string;
}

/** Not DuckDB's `rowid`, which a column of the table may be called. */
export const SOURCE_ROW = "__cinelake_source_row";

/** A key that the source holds twice, if any. */
export function duplicateKeySql({ source, key }: Pick<MergeSql, "source" | "key">): string {
  const names = key.map(quoteName).join(", ");
  return `SELECT ${names} FROM ${quoteName(source)} GROUP BY ${names} HAVING count(*) > 1 LIMIT 1`;
}

/** Pairs of matching rows: the source's row, the target's position, and whether the target's row changes. Null keys match null. */
export function matchesSql(target: string, merge: MergeSql): string {
  const { columns, key, source, matches, updateWhen, where } = merge;
  const on = key.map((name) => `source.${quoteName(name)} IS NOT DISTINCT FROM target.${quoteName(name)}`);
  const differs = columns
    .filter((name) => !key.includes(name))
    .map((name) => `source.${quoteName(name)} IS DISTINCT FROM target.${quoteName(name)}`);
  const changed = differs.length === 0 ? "false" : `(${differs.join(" OR ")}) AND coalesce((\n${updateWhen}\n), false)`;
  return (
    `CREATE TEMP TABLE ${quoteName(matches)} AS SELECT source.${SOURCE_ROW} AS source_row, ` +
    `target.${POSITION.file} AS file, target.${POSITION.row} AS row, ${changed} AS changed ` +
    `FROM ${quoteName(source)} AS source JOIN ${target} AS target ON ${on.join(" AND ")} WHERE ${where}`
  );
}

export function touchedFilesSql({ matches }: MergeSql): string {
  return `SELECT file, count(*) AS rows FROM ${quoteName(matches)} WHERE changed GROUP BY file ORDER BY file`;
}

/** A relation with the source's rows that match nothing. */
export function insertsSql({ columns, source, matches }: MergeSql): string {
  const names = columns.map((name) => `source.${quoteName(name)}`).join(", ");
  return `(SELECT ${names} FROM ${quoteName(source)} AS source WHERE NOT EXISTS (SELECT 1 FROM ${quoteName(matches)} AS m WHERE m.source_row = source.${SOURCE_ROW}))`;
}

/** A relation with all rows of the touched files, changed ones replaced by the source's. */
export function rewriteSql(target: string, merge: MergeSql): string {
  const list = merge.columns.map((name) => {
    const column = quoteName(name);
    return `CASE WHEN m.source_row IS NULL THEN target.${column} ELSE source.${column} END AS ${column}`;
  });
  return `(SELECT ${list.join(", ")} FROM ${joined(target, merge)})`;
}

/** A relation with the change data feed of the merge: changed rows before and after, and inserted ones. */
export function feedSql(target: string, merge: MergeSql): string {
  const side = (of: "target" | "source"): string => {
    const list = merge.columns.map((name) => `${of}.${quoteName(name)} AS ${quoteName(name)}`);
    return `(SELECT ${list.join(", ")} FROM ${joined(target, merge)} WHERE m.source_row IS NOT NULL)`;
  };
  const parts = [
    feedRows(side("target"), "update_preimage"),
    feedRows(side("source"), "update_postimage"),
    feedRows(insertsSql(merge), "insert"),
  ];
  return `(${parts.map((part) => `SELECT * FROM ${part}`).join(" UNION ALL ")})`;
}

function joined(target: string, { source, matches }: MergeSql): string {
  const changed = `SELECT source_row, file, row FROM ${quoteName(matches)} WHERE changed`;
  return (
    `${target} AS target LEFT JOIN (${changed}) AS m ON m.file = target.${POSITION.file} AND m.row = target.${POSITION.row} ` +
    `LEFT JOIN ${quoteName(source)} AS source ON source.${SOURCE_ROW} = m.source_row`
  );
}
