/** A DuckDB instance: SQL over files on this machine. One per process is enough; statements of different callers may overlap. */
export interface SqlEngine extends AsyncDisposable {
  run(sql: string, parameters?: readonly SqlValue[]): Promise<void>;
  /** All rows as objects (value types as `Row` in api.ts). */
  rows<T = Record<string, unknown>>(sql: string, parameters?: readonly SqlValue[]): Promise<T[]>;
  /** Rows in batches, read as they are asked for. */
  batches<T = Record<string, unknown>>(sql: string, parameters?: readonly SqlValue[]): AsyncIterable<T[]>;
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
