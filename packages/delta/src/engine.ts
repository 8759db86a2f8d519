import type { RecordBatch } from "apache-arrow";
import type { StructField } from "./api.ts";

/** A DuckDB instance: SQL over files on this machine. One per process is enough; statements of different callers may overlap. */
export interface SqlEngine extends AsyncDisposable {
  run(sql: string, parameters?: readonly SqlValue[]): Promise<void>;
  /** All rows as objects (value types as `Row` in api.ts). */
  rows<T = Record<string, unknown>>(sql: string, parameters?: readonly SqlValue[]): Promise<T[]>;
  /** Rows in batches, read as they are asked for. */
  batches<T = Record<string, unknown>>(sql: string, parameters?: readonly SqlValue[]): AsyncIterable<T[]>;
  /**
   * The same as Arrow record batches, at least one, so that there always is a schema: decimals of 128 bits, dates in days, timestamps in
   * microseconds with zone `UTC` or none. `fields`, by the columns' places, say where no null can be; else nulls may be anywhere.
   */
  arrow(sql: string, fields?: readonly StructField[]): AsyncIterable<RecordBatch>;
  /** Columns of numbers as typed arrays: integer types and float as given, long and timestamp (microseconds) as Float64Array; nulls are NaN (0 in integer columns). */
  columns(
    sql: string,
    parameters?: readonly SqlValue[],
  ): Promise<Record<string, Int32Array | Float32Array | Float64Array | string[]>>;
  /**
   * Makes a temporary table of this connection from rows in JavaScript (values as `Row` in api.ts); a missing value is null. Returns the
   * number of rows. A value that its column cannot hold, or a name that is no column, fails with `delta_schema_mismatch` and leaves no table.
   */
  load(
    table: string,
    columns: readonly SqlColumn[],
    rows: Iterable<Readonly<Record<string, unknown>>> | AsyncIterable<Readonly<Record<string, unknown>>>,
  ): Promise<number>;
  /** A connection of its own, for temporary tables and views. */
  session(): Promise<SqlEngine>;
}

export type SqlValue = string | number | bigint | boolean | null;

/** A column of DuckDB's type, e.g. `BIGINT`. */
export interface SqlColumn {
  readonly name: string;
  readonly type: string;
}

export interface SqlEngineOptions {
  /** E.g. `1GB`; default half of what the process may use, at most 4 GB. */
  readonly memoryLimit?: string;
  readonly threads?: number;
  /** Where it spills; default a folder of its own below the system's temporary one, removed on dispose. */
  readonly temporaryDirectory?: string;
}
