import { DuckDBTypeId, type DuckDBResult, type DuckDBValue } from "@duckdb/node-api";

type NumberArray = Int32Array | Float32Array | Float64Array;
export type TypedColumn = NumberArray | string[];

/** Reads a streaming result into one array per column (see SqlEngine.columns). */
export async function readColumns(result: DuckDBResult): Promise<Record<string, TypedColumn>> {
  const names = result.deduplicatedColumnNames();
  const sinks = result.columnTypes().map((type) => sinkOf(type.typeId));
  for await (const chunk of result) {
    sinks.forEach((sink, index) => {
      sink.reserve(chunk.rowCount);
      chunk.visitColumnValues(index, (value) => sink.add(value));
    });
  }
  return Object.fromEntries(names.map((name, index) => [name, sinks[index]!.finish()]));
}

interface Sink {
  reserve(more: number): void;
  add(value: DuckDBValue): void;
  finish(): TypedColumn;
}

function sinkOf(typeId: DuckDBTypeId): Sink {
  switch (typeId) {
    case DuckDBTypeId.BOOLEAN:
    case DuckDBTypeId.TINYINT:
    case DuckDBTypeId.SMALLINT:
    case DuckDBTypeId.INTEGER:
    case DuckDBTypeId.UTINYINT:
    case DuckDBTypeId.USMALLINT:
      return numbers((length) => new Int32Array(length), Number);
    case DuckDBTypeId.DATE:
      return numbers(
        (length) => new Int32Array(length),
        (value) => (value as unknown as { days: number }).days,
      );
    case DuckDBTypeId.FLOAT:
      return numbers((length) => new Float32Array(length), Number);
    case DuckDBTypeId.DOUBLE:
    case DuckDBTypeId.UINTEGER:
    case DuckDBTypeId.BIGINT:
    case DuckDBTypeId.UBIGINT:
    case DuckDBTypeId.HUGEINT:
      return numbers((length) => new Float64Array(length), Number);
    case DuckDBTypeId.DECIMAL:
      return numbers(
        (length) => new Float64Array(length),
        (value) => (value as { toDouble(): number }).toDouble(),
      );
    case DuckDBTypeId.TIMESTAMP:
    case DuckDBTypeId.TIMESTAMP_TZ:
      return numbers(
        (length) => new Float64Array(length),
        (value) => Number((value as { micros: bigint }).micros),
      );
    default:
      return texts();
  }
}

function numbers<T extends NumberArray>(allocate: (length: number) => T, convert: (value: unknown) => number): Sink {
  let array = allocate(1024);
  let length = 0;
  const missing = array instanceof Int32Array ? 0 : Number.NaN;
  return {
    reserve(more) {
      if (length + more <= array.length) return;
      const grown = allocate(Math.max(array.length * 2, length + more));
      grown.set(array);
      array = grown;
    },
    add(value) {
      array[length++] = value === null ? missing : convert(value);
    },
    finish: () => array.slice(0, length),
  };
}

function texts(): Sink {
  const values: string[] = [];
  return { reserve: () => {}, add: (value) => values.push(value === null ? "" : String(value)), finish: () => values };
}
