import type { StructField } from "../api.ts";
import { fileStatistics, type LeafStatistics } from "../data/statistics.ts";
import type { SqlEngine } from "../engine.ts";
import { sqlType } from "../schema/types.ts";
import { parquetRelation } from "../sql/parquet_relation.ts";
import { quoteName, quoteText } from "../sql/quote.ts";

interface Leaf {
  readonly path: readonly string[];
  readonly sql: string;
  readonly type: string;
}

/**
 * `add.stats` of a Parquet file that somebody else wrote, from one pass over its indexed leaf columns: what footers say is cut, rounded or
 * wrong with too many writers.
 */
export async function scanStatistics(
  engine: SqlEngine,
  localPath: string,
  columns: readonly StructField[],
  isIndexed: (path: readonly string[]) => boolean,
): Promise<string> {
  const leaves = leavesOf(columns, [], "").filter(({ path }) => isIndexed(path));
  const list = leaves.flatMap(({ sql, type }, index) => [
    `${boundText("min", sql, type)} AS min${index}`,
    `${boundText("max", sql, type)} AS max${index}`,
    `(count(*) - count(${sql}))::VARCHAR AS null_count${index}`,
    `${type === "float" || type === "double" ? `coalesce(bool_or(isnan(${sql})), false)::VARCHAR` : "NULL"} AS has_nan${index}`,
  ]);
  const relation = parquetRelation(
    [localPath],
    columns.map(({ name, type }) => ({ name, type: sqlType(type) })),
  );
  const [row] = await engine.rows<Record<string, string | null> & { readonly rows: number }>(
    `SELECT ${["count(*) AS rows", ...list].join(", ")} FROM ${relation}`,
  );
  const found = leaves.map(({ path }, index): [string, LeafStatistics] => [
    path.map(quoteName).join("."),
    new Map(["min", "max", "null_count", "has_nan"].map((name) => [name, row![`${name}${index}`] ?? null])),
  ]);
  return fileStatistics(row!.rows, new Map(found), columns, isIndexed);
}

/** A bound in the words of RETURN_STATS, which writes booleans as 0 and 1. */
function boundText(bound: "min" | "max", sql: string, type: string): string {
  const value = type === "boolean" ? `CAST(${sql} AS INTEGER)` : sql;
  return `CAST(${bound}(${value}) AS VARCHAR)`;
}

function leavesOf(fields: readonly StructField[], path: readonly string[], parent: string): Leaf[] {
  return fields.flatMap(({ name, type }): Leaf[] => {
    const own = [...path, name];
    const sql = parent === "" ? quoteName(name) : `struct_extract(${parent}, ${quoteText(name)})`;
    if (typeof type === "string") return [{ path: own, sql, type }];
    return type.type === "struct" ? leavesOf(type.fields, own, sql) : [];
  });
}
