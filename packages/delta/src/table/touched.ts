import type { RowFilter, StructType } from "../api.ts";
import type { OpenRows } from "../data/open_rows.ts";
import type { SqlEngine } from "../engine.ts";
import { predicateSql } from "../query/predicates.ts";

/** Names of the position columns of a target relation. */
export const POSITION = { file: "__cinelake_file", row: "__cinelake_row" } as const;

/** What a condition finds in one of the opened files. */
interface FileMatches {
  /** Index among the opened files. */
  readonly file: number;
  readonly matched: number;
  readonly total: number;
}

/** The files that hold rows of a condition. */
export interface Touched {
  /** Files in which some row satisfies it, by their index among the opened ones. */
  readonly files: readonly number[];
  /** Those of them in which another row does not: they must be rewritten. */
  readonly partial: readonly number[];
  readonly matchedRows: number;
  /** Rows of partial files that stay. */
  readonly keptRows: number;
}

/** SQL of a row filter over the table's columns; never null. */
export function filterSql({ where = [], condition }: RowFilter, schema: StructType): string {
  const predicates = predicateSql(where, schema);
  const both = condition === undefined ? predicates : `${predicates} AND (\n${condition}\n)`;
  return `coalesce(${both}, false)`;
}

/** Reads the opened files for rows that satisfy a condition, which must not be null. */
export async function findTouched(engine: SqlEngine, target: OpenRows, condition: string): Promise<Touched> {
  const found = await engine.rows<FileMatches>(
    `SELECT ${POSITION.file}::BIGINT AS file, count(*) FILTER (WHERE ${condition}) AS matched, count(*) AS total ` +
      `FROM ${target.relation({ position: POSITION })} GROUP BY ALL HAVING matched > 0 ORDER BY file`,
  );
  const partial = found.filter(({ matched, total }) => matched < total);
  return {
    files: found.map(({ file }) => file),
    partial: partial.map(({ file }) => file),
    matchedRows: found.reduce((sum, { matched }) => sum + matched, 0),
    keptRows: partial.reduce((sum, { matched, total }) => sum + total - matched, 0),
  };
}

/** A relation's rows as the change data feed records them. */
export function feedRows(relation: string, changeType: string): string {
  return `(SELECT *, '${changeType}' AS _change_type FROM ${relation})`;
}
