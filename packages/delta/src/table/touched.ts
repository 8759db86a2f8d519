import type { RowFilter, StructType } from "../api.ts";
import type { OpenRows } from "../data/open_rows.ts";
import type { SqlEngine } from "../engine.ts";
import { predicateSql } from "../query/predicates.ts";
import { quoteName } from "../sql/quote.ts";
import { holdRows } from "./source.ts";

/** Names of the position columns of a target relation. */
export const POSITION = { file: "__cinelake_file", row: "__cinelake_row" } as const;

/**
 * The rows that a filter has found, held in a temporary table until disposed: a condition means the same rows wherever they are needed,
 * also if it calls `random()`.
 */
export interface Touched extends AsyncDisposable {
  /** Files in which some row was found, by their index among the opened ones. */
  readonly files: readonly number[];
  /** Those of them in which another row was not: they must be rewritten. */
  readonly partial: readonly number[];
  readonly foundRows: number;
  /** Rows of partial files that stay. */
  readonly keptRows: number;
  /** Relations, in brackets, with the opened files' rows that were found, and with those of partial files that were not. */
  readonly found: string;
  readonly kept: string;
  /** The temporary table: the rows' positions, and what else `findTouched` was given. */
  readonly table: string;
}

/** SQL of a row filter over the table's columns; never null. */
export function filterSql({ where = [], condition }: RowFilter, schema: StructType): string {
  const predicates = predicateSql(where, schema);
  const both = condition === undefined ? predicates : `${predicates} AND (\n${condition}\n)`;
  return `coalesce(${both}, false)`;
}

/** Reads a relation with some of the opened files' rows, by their positions; it may have further columns. */
export async function findTouched(
  engine: SqlEngine,
  target: OpenRows,
  columns: readonly string[],
  relation: string,
): Promise<Touched> {
  const held = await holdRows(engine, relation);
  const table = held.sql;
  const counted = (rows: string): Promise<{ file: number; rows: number }[]> =>
    engine.rows(
      `SELECT ${POSITION.file}::BIGINT AS file, count(*) AS rows FROM ${rows} GROUP BY ${POSITION.file} ORDER BY file`,
    );
  try {
    const found = await counted(table);
    const files = found.map(({ file }) => file);
    const all = files.length > 0 ? await counted(target.relation({ columns: [], files, position: POSITION })) : [];
    const partial = files.filter((_, index) => found[index]!.rows < all[index]!.rows);
    const sum = (rows: readonly { rows: number }[]): number => rows.reduce((total, file) => total + file.rows, 0);
    const joined = (kind: string, of: readonly number[]): string =>
      `(SELECT ${columns.map(quoteName).join(", ")} FROM ${target.relation({ files: of, position: POSITION })} ` +
      `${kind} JOIN ${table} USING (${POSITION.file}, ${POSITION.row}))`;
    return {
      files,
      partial,
      foundRows: sum(found),
      keptRows: sum(all) - sum(found),
      found: joined("SEMI", files),
      kept: joined("ANTI", partial),
      table,
      [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
    };
  } catch (error) {
    await held[Symbol.asyncDispose]();
    throw error;
  }
}

/** A relation's rows as the change data feed records them. */
export function feedRows(relation: string, changeType: string): string {
  return `(SELECT *, '${changeType}' AS _change_type FROM ${relation})`;
}
