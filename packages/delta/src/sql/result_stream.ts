import type { DuckDBDataChunk, DuckDBResult } from "@duckdb/node-api";
import { valueReader } from "./read_values.ts";

/** A streaming result that can be read ahead into memory when its connection is needed for something else. */
export class ResultStream {
  readonly result: DuckDBResult;
  #buffered: DuckDBDataChunk[] | undefined;

  constructor(result: DuckDBResult) {
    this.result = result;
  }

  async next(): Promise<DuckDBDataChunk | undefined> {
    if (this.#buffered) return this.#buffered.shift();
    const chunk = await this.result.fetchChunk();
    return chunk && chunk.rowCount > 0 ? chunk : undefined;
  }

  async buffer(): Promise<void> {
    this.#buffered ??= await this.result.fetchAllChunks();
  }
}

/** The chunks' rows as objects, values as `Row` says. */
export function rowObjects<T>(result: DuckDBResult, chunks: readonly DuckDBDataChunk[]): T[] {
  const names = result.deduplicatedColumnNames();
  const readers = result.columnTypes().map(valueReader);
  const rows: Record<string, unknown>[] = [];
  for (const chunk of chunks) {
    const columns = names.map((_, index) => chunk.getColumnValues(index));
    for (let row = 0; row < chunk.rowCount; row++) {
      const object: Record<string, unknown> = {};
      for (let index = 0; index < names.length; index++) object[names[index]!] = readers[index]!(columns[index]![row]);
      rows.push(object);
    }
  }
  return rows as T[];
}
