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

/** The rows as columns of up to `rowsPerChunk` values. */
async function* columnBatches(
  columns: readonly SqlColumn[],
  types: readonly DuckDBType[],
  rows: Rows,
): AsyncGenerator<DuckDBValue[][]> {
  const batch = new ColumnBatch(columns, types);
  // Waiting for each row of what is at hand would cost more than writing it.
  if (Symbol.iterator in rows) {
    for (const row of rows) if (batch.add(row)) yield batch.take();
  } else {
    for await (const row of rows) if (batch.add(row)) yield batch.take();
  }
  if (batch.size > 0) yield batch.take();
}

/** Values gathered by column, as DuckDB takes them. */
class ColumnBatch {
  readonly #columns: readonly SqlColumn[];
  readonly #names: ReadonlySet<string>;
  readonly #writers: readonly ReturnType<typeof valueWriter>[];
  #values: DuckDBValue[][];
  #taken = 0;
  size = 0;

  constructor(columns: readonly SqlColumn[], types: readonly DuckDBType[]) {
    this.#columns = columns;
    this.#names = new Set(columns.map(({ name }) => name));
    this.#writers = types.map(valueWriter);
    this.#values = columns.map(() => []);
  }

  /** True when the batch is full. */
  add(object: Readonly<Record<string, unknown>>): boolean {
    for (const name of Object.keys(object)) {
      if (!this.#names.has(name) && object[name] !== undefined)
        throw this.#mismatch(name, "is not a column of the table");
    }
    for (let index = 0; index < this.#columns.length; index++) {
      const { name } = this.#columns[index]!;
      try {
        this.#values[index]!.push(this.#writers[index]!(memberOf(object, name)));
      } catch (error) {
        if (error instanceof ValueError) throw this.#mismatch(name, error.message, error);
        throw error;
      }
    }
    return ++this.size === rowsPerChunk;
  }

  take(): DuckDBValue[][] {
    const values = this.#values;
    this.#taken += this.size;
    this.size = 0;
    this.#values = this.#columns.map(() => []);
    return values;
  }

  #mismatch(column: string, problem: string, cause?: unknown): CinelakeError {
    const row = this.#taken + this.size;
    return new CinelakeError("delta_schema_mismatch", `Column ${column}, row ${row + 1} of the source: ${problem}.`, {
      cause,
      details: { column, row },
    });
  }
}
