import { CinelakeError } from "@cinelake/contracts/errors";
import { DuckDBDataChunk, type DuckDBConnection, type DuckDBType, type DuckDBValue } from "@duckdb/node-api";
import type { SqlColumn } from "../engine.ts";
import { quoteName } from "./quote.ts";
import { memberOf, ValueError, valueWriter } from "./write_values.ts";

export type Rows = Iterable<Readonly<Record<string, unknown>>> | AsyncIterable<Readonly<Record<string, unknown>>>;
type Exclusive = <T>(work: () => Promise<T>) => Promise<T>;

const rowsPerChunk = 2048;
const chunksPerFlush = 32;

/** SqlEngine.load; holds the connection only while it appends, so that `rows` may come from the same engine. */
export async function loadRows(
  connection: DuckDBConnection,
  exclusive: Exclusive,
  table: string,
  columns: readonly SqlColumn[],
  rows: Rows,
): Promise<number> {
  const definitions = columns.map((column) => `${quoteName(column.name)} ${column.type}`).join(", ");
  await exclusive(() => connection.run(`CREATE TEMP TABLE ${quoteName(table)} (${definitions})`));
  try {
    const appender = await exclusive(() => connection.createAppender(table, "main", "temp"));
    try {
      const types = columns.map((_, index) => appender.columnType(index));
      let chunks = 0;
      let count = 0;
      for await (const values of columnBatches(columns, types, rows)) {
        count += values[0]!.length;
        await exclusive(async () => {
          const chunk = DuckDBDataChunk.create(types, values[0]!.length);
          chunk.setColumns(values);
          appender.appendDataChunk(chunk);
          if (++chunks % chunksPerFlush === 0) appender.flushSync();
        });
      }
      await exclusive(async () => appender.flushSync());
      return count;
    } finally {
      await exclusive(async () => appender.closeSync());
    }
  } catch (error) {
    await exclusive(() => connection.run(`DROP TABLE IF EXISTS temp.${quoteName(table)}`));
    throw error;
  }
}

async function* columnBatches(
  columns: readonly SqlColumn[],
  types: readonly DuckDBType[],
  rows: Rows,
): AsyncGenerator<DuckDBValue[][]> {
  const names = new Map(columns.map((column, index) => [column.name, index]));
  const writers = types.map(valueWriter);
  const fresh = (): DuckDBValue[][] => columns.map(() => []);
  let batch = fresh();
  let row = 0;
  for await (const object of rows) {
    const unknown = Object.keys(object).find((name) => !names.has(name) && object[name] !== undefined);
    if (unknown !== undefined) throw mismatch(unknown, row, "is not a column of the table");
    for (let index = 0; index < columns.length; index++) {
      const name = columns[index]!.name;
      try {
        batch[index]!.push(writers[index]!(memberOf(object, name)));
      } catch (error) {
        if (error instanceof ValueError) throw mismatch(name, row, error.message, error);
        throw error;
      }
    }
    row++;
    if (row % rowsPerChunk === 0) {
      yield batch;
      batch = fresh();
    }
  }
  if (row % rowsPerChunk !== 0) yield batch;
}

function mismatch(column: string, row: number, problem: string, cause?: unknown): CinelakeError {
  return new CinelakeError("delta_schema_mismatch", `Column ${column}, row ${row + 1} of the source: ${problem}.`, {
    cause,
    details: { column, row },
  });
}
