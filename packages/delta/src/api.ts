import type { RecordBatch } from "apache-arrow";
import type { ObjectStore } from "@cinelake/object_store";
import type { SqlEngine } from "./engine.ts";

/** Delta's schema, as `metaData.schemaString` holds it. */
export interface StructType {
  readonly type: "struct";
  readonly fields: readonly StructField[];
}
export interface StructField {
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
  readonly metadata: Readonly<Record<string, unknown>>;
}
export type DataType =
  | string
  | StructType
  | { readonly type: "array"; readonly elementType: DataType; readonly containsNull: boolean }
  | {
      readonly type: "map";
      readonly keyType: DataType;
      readonly valueType: DataType;
      readonly valueContainsNull: boolean;
    };

/** Where a table lies and what works on it. `path` is a key prefix in the store. */
export interface TableContext {
  readonly store: ObjectStore;
  readonly path: string;
  readonly engine: SqlEngine;
  /** Written to commitInfo.engineInfo; default `cinelake-delta/<version>`. */
  readonly engineInfo?: string;
  /** Milliseconds since the epoch; default Date.now. */
  readonly now?: () => number;
  /**
   * Whether data files and deletion vectors that the log names by absolute paths (those of shallow clones) are read where they lie
   * outside of the store: on this machine's file system for a store in a folder, in any bucket of the same service and with the same
   * credentials for one on S3. Default false: they are refused with `delta_unsupported`, for a log that somebody else wrote could name any
   * file that this process can read. Paths below the store's root are always read, through the store.
   */
  readonly allowOutsideFiles?: boolean;
  /** Told why a checkpoint could not be written; the commit before it stands all the same. */
  readonly onCheckpointError?: (error: unknown) => void;
}

/**
 * A row in JavaScript. Read: byte to integer as number; long as number if safe, else bigint; float and double as number;
 * decimal as string; date as `YYYY-MM-DD`; timestamp as `YYYY-MM-DDTHH:MM:SS.ffffffZ`; timestamp_ntz the same without Z; binary as
 * Uint8Array; array as array; struct as object; map as Map. Written: the same, and Date for timestamp, ISO text with any offset.
 */
export type Row = Readonly<Record<string, unknown>>;

/**
 * Rows to write: a DuckDB query run on the context's engine, or rows in JavaScript. Columns go by name. `schema` says what the
 * rows hold if it is not the table's own schema; `mergeSchema` takes new columns from it.
 */
export type Source =
  | { readonly sql: string }
  | { readonly rows: Iterable<Row> | AsyncIterable<Row>; readonly schema?: StructType };

/** One comparison; a list of them is their conjunction. */
export type Predicate =
  | { readonly column: string; readonly op: "=" | "!=" | "<" | "<=" | ">" | ">="; readonly value: unknown }
  | { readonly column: string; readonly op: "in"; readonly value: readonly unknown[] }
  /** Of string columns: whether the text has `value` in it. */
  | { readonly column: string; readonly op: "contains"; readonly value: string }
  | { readonly column: string; readonly op: "is null" | "is not null" };

/** Which rows a delete or an update concerns: those that satisfy `where` (which prunes files) and `condition`, DuckDB SQL over the columns. */
export interface RowFilter {
  readonly where?: readonly Predicate[];
  readonly condition?: string;
}

/** A column's new value: DuckDB SQL over the row's old columns, or a value as `Row` says. */
export type Assignment = { readonly sql: string } | { readonly value: unknown };

/** Latest by default. `timestamp` in milliseconds: the last version that was there then. */
export type At = { readonly version: number } | { readonly timestamp: number };

/** A `txn` action: `version` replaces `expected` (undefined: no version yet), or the commit fails with `delta_txn_conflict`. */
export interface ApplicationTransaction {
  readonly appId: string;
  readonly version: number;
  readonly expected: number | undefined;
}

export interface CommitOptions {
  readonly transactions?: readonly ApplicationTransaction[];
  /** Table properties to set in the same commit. */
  readonly configuration?: Readonly<Record<string, string>>;
  /** Free text for commitInfo.userMetadata. */
  readonly userMetadata?: string;
  /**
   * Called before each attempt to commit, with the version that the commit would follow: a writer that has decided by what it read looks
   * again if that version is a later one. If it throws, nothing is committed, and that error comes out.
   */
  readonly guard?: (version: number) => Promise<void>;
  /** Commits even if no row changes (to carry `transactions` or `configuration`); default false. */
  readonly allowEmpty?: boolean;
}

export interface WriteOptions extends CommitOptions {
  /** Columns (also within structs) that only the source has are added to the table, nullable; default false: they are refused. */
  readonly mergeSchema?: boolean;
}

export interface OverwriteOptions extends WriteOptions {
  /** Replaces only the rows that satisfy it; the new rows must satisfy it too. Over other than partition columns files are rewritten. */
  readonly where?: readonly Predicate[];
  /** The table takes this schema (and `partitionColumns`) instead of its own; not together with `where`. */
  readonly overwriteSchema?: { readonly schema: StructType; readonly partitionColumns?: readonly string[] };
}

export interface UpdateOptions extends CommitOptions, RowFilter {
  readonly set: Readonly<Record<string, Assignment>>;
}

/** A change of the table's description; all of it in one commit. */
export interface AlterOptions extends CommitOptions {
  /** Nullable columns to add behind the others. */
  readonly addColumns?: readonly StructField[];
  readonly setProperties?: Readonly<Record<string, string>>;
  readonly unsetProperties?: readonly string[];
  /** CHECK constraints by name: SQL over the columns; rows that are there must satisfy them already. */
  readonly addConstraints?: Readonly<Record<string, string>>;
  readonly dropConstraints?: readonly string[];
}

export interface OptimizeOptions {
  /** Only files of these partitions. */
  readonly where?: readonly Predicate[];
  /** Sorts rows along a Z-order curve over these columns; then all files of a partition are rewritten. */
  readonly zOrderBy?: readonly string[];
  /** Bytes; default the table property `delta.targetFileSize`. */
  readonly targetFileSize?: number;
  /**
   * Rewrites only so many files at least; default 2. Above two they are of one size, within this factor, so that a table that is compacted
   * again and again rewrites each row only a few times.
   */
  readonly minFiles?: number;
}

export interface OptimizeResult {
  readonly version: number;
  readonly committed: boolean;
  readonly addedFiles: number;
  readonly removedFiles: number;
  readonly addedBytes: number;
  readonly removedBytes: number;
}

export interface VacuumOptions {
  /** Hours that removed files are kept; default the table property `delta.deletedFileRetentionDuration` (a week). */
  readonly retentionHours?: number;
  /** Only says what would be deleted. */
  readonly dryRun?: boolean;
  /** Allows a retention below the table's own: readers of old versions and running writers may then lose files. */
  readonly force?: boolean;
}

export interface VacuumResult {
  readonly dryRun: boolean;
  /** Paths from the table's folder. */
  readonly deletedFiles: readonly string[];
  readonly deletedBytes: number;
}

export interface RestoreResult extends CommitResult {
  readonly restoredVersion: number;
}

export interface TableDescription {
  readonly id: string;
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly location: string;
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number | undefined;
  readonly lastModified: number;
  readonly schema: StructType;
  readonly partitionColumns: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
  readonly minReaderVersion: number;
  readonly minWriterVersion: number;
  readonly features: readonly string[];
  readonly files: number;
  readonly bytes: number;
  readonly rows: number | undefined;
}

/** Versions (both included) or times whose changes are read; without `to*` up to the latest. */
export type ChangeRange =
  | { readonly fromVersion: number; readonly toVersion?: number }
  | { readonly fromTimestamp: number; readonly toTimestamp?: number };

export interface CommitResult {
  /** The version made, or the current one if nothing was committed. */
  readonly version: number;
  readonly committed: boolean;
  readonly addedFiles: number;
  readonly removedFiles: number;
  /** Rows appended or put in place of others; of a merge, those inserted or updated. */
  readonly addedRows: number;
}

export interface CreateOptions {
  readonly schema: StructType;
  readonly partitionColumns?: readonly string[];
  readonly configuration?: Readonly<Record<string, string>>;
  readonly name?: string;
  readonly description?: string;
}

export interface MergeOptions extends WriteOptions {
  /** Columns that identify a row; source keys must be unique. */
  readonly key: readonly string[];
  /**
   * SQL over `source` and `target` that says when a matched row is replaced, default `true`; a row that would not change is left
   * alone either way, and without any change there is no commit.
   */
  readonly updateWhen?: string;
  /** Narrows the target rows that can match, for pruning (e.g. partitions); a source row outside it is an insert. */
  readonly where?: readonly Predicate[];
}

export interface ReadOptions {
  readonly columns?: readonly string[];
  readonly where?: readonly Predicate[];
}

/** SQL text of a relation with the table's rows, usable in `FROM` on the context's engine until disposed. */
export interface Scan extends AsyncDisposable {
  readonly sql: string;
  readonly files: number;
  readonly totalFiles: number;
}

export interface Snapshot {
  readonly version: number;
  readonly schema: StructType;
  readonly partitionColumns: readonly string[];
  readonly configuration: Readonly<Record<string, string>>;
  /** In-commit or file time of the version, milliseconds since the epoch. */
  readonly timestamp: number;
  /** Rows by the files' statistics; undefined if a file has none. */
  readonly rowCount: number | undefined;
  /** Last `txn` version of an application. */
  transaction(appId: string): number | undefined;
  scan(options?: ReadOptions): Promise<Scan>;
  /** Batches of rows, read as they are asked for; order is not defined. Of the files at most 32 are open at once. */
  read(options?: ReadOptions): AsyncIterable<Row[]>;
  /**
   * The same as Arrow record batches of one schema, at least one: without rows an empty one. Decimals have 128 bits, dates count days,
   * timestamps microseconds, in zone `UTC` or (timestamp_ntz) in none.
   */
  arrow(options?: ReadOptions): AsyncIterable<RecordBatch>;
}

export interface HistoryEntry {
  readonly version: number;
  readonly timestamp: number;
  readonly operation: string | undefined;
  readonly userMetadata: string | undefined;
  readonly metrics: Readonly<Record<string, string>>;
}

/**
 * A Delta table. Writers take the snapshot at their start, retry with the next version when a winning commit does not
 * concern them, and fail with `delta_conflict` when it does (see docs in README.md).
 */
export interface DeltaTable {
  readonly path: string;
  snapshot(at?: At): Promise<Snapshot>;
  append(source: Source, options?: WriteOptions): Promise<CommitResult>;
  /** Replaces all rows, or those that `where` names. */
  overwrite(source: Source, options?: OverwriteOptions): Promise<CommitResult>;
  /** Removes rows; without a filter all of them. */
  delete(options?: CommitOptions & RowFilter): Promise<CommitResult>;
  update(options: UpdateOptions): Promise<CommitResult>;
  merge(source: Source, options: MergeOptions): Promise<CommitResult>;
  alter(options: AlterOptions): Promise<CommitResult>;
  /** Rewrites small files as few larger ones; rows stay as they are. */
  optimize(options?: OptimizeOptions): Promise<OptimizeResult>;
  /** Deletes files that no version within the retention needs. */
  vacuum(options?: VacuumOptions): Promise<VacuumResult>;
  /** Makes the rows and the schema of an earlier version the latest again, by a new version. */
  restore(at: At): Promise<RestoreResult>;
  /**
   * Rows that were inserted, deleted or changed, each with `_change_type` (`insert`, `delete`, `update_preimage`, `update_postimage`),
   * `_commit_version` and `_commit_timestamp`, oldest version first, all in the schema of the range's last version. Without a change data
   * feed (`delta.enableChangeDataFeed`) only commits that add rows or only remove some can be told: one that rewrote files fails with
   * `invalid_argument`, naming the version, and so does one whose schema the last one cannot read. A range right after the latest version is empty.
   */
  changes(range: ChangeRange, options?: ReadOptions): AsyncIterable<Row[]>;
  /** Newest first. */
  history(limit?: number): Promise<HistoryEntry[]>;
  describe(): Promise<TableDescription>;
  /** Writes a checkpoint of the latest version. */
  checkpoint(): Promise<void>;
}
