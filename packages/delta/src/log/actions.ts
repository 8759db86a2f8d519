import { CinelakeError } from "@cinelake/contracts/errors";

/** The actions of Delta's log, under the names and in the shapes of PROTOCOL.md. */
export interface Protocol {
  readonly minReaderVersion: number;
  readonly minWriterVersion: number;
  readonly readerFeatures?: readonly string[];
  readonly writerFeatures?: readonly string[];
}
export interface Metadata {
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly format: { readonly provider: string; readonly options: Readonly<Record<string, string>> };
  readonly schemaString: string;
  readonly partitionColumns: readonly string[];
  readonly configuration: Readonly<Record<string, string>>;
  readonly createdTime?: number;
}
export type PartitionValues = Readonly<Record<string, string | null>>;
export interface DeletionVector {
  readonly storageType: string;
  readonly pathOrInlineDv: string;
  readonly offset?: number;
  readonly sizeInBytes?: number;
  readonly cardinality?: number;
  readonly maxRowIndex?: number;
}
export interface AddFile {
  /** URI: the physical path, percent-encoded. */
  readonly path: string;
  readonly partitionValues: PartitionValues;
  readonly size: number;
  readonly modificationTime: number;
  readonly dataChange: boolean;
  readonly stats?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly deletionVector?: DeletionVector;
  readonly baseRowId?: number;
  readonly defaultRowCommitVersion?: number;
  readonly clusteringProvider?: string;
}
export interface RemoveFile {
  readonly path: string;
  readonly deletionTimestamp?: number;
  readonly dataChange: boolean;
  readonly extendedFileMetadata?: boolean;
  readonly partitionValues?: PartitionValues;
  readonly size?: number;
  readonly deletionVector?: DeletionVector;
  readonly baseRowId?: number;
  readonly defaultRowCommitVersion?: number;
}
/** A file of the change data feed. */
interface ChangeFile {
  readonly path: string;
  readonly partitionValues: PartitionValues;
  readonly size: number;
  readonly dataChange: boolean;
}
export interface Transaction {
  readonly appId: string;
  readonly version: number;
  readonly lastUpdated?: number;
}
export interface DomainMetadata {
  readonly domain: string;
  readonly configuration: string;
  readonly removed: boolean;
}
export interface CommitInfo {
  readonly timestamp?: number;
  readonly inCommitTimestamp?: number;
  readonly operation?: string;
  readonly operationParameters?: Readonly<Record<string, unknown>>;
  readonly operationMetrics?: Readonly<Record<string, unknown>>;
  readonly isolationLevel?: string;
  readonly isBlindAppend?: boolean;
  readonly engineInfo?: string;
  readonly txnId?: string;
  readonly userMetadata?: string;
  readonly readVersion?: number;
}

/** A file that holds file actions of a V2 checkpoint. */
interface Sidecar {
  readonly path: string;
  readonly sizeInBytes: number;
  readonly modificationTime: number;
}

/** One line of a commit or checkpoint: exactly one member is there. */
export interface Action {
  readonly protocol?: Protocol;
  readonly metaData?: Metadata;
  readonly add?: AddFile;
  readonly remove?: RemoveFile;
  readonly cdc?: ChangeFile;
  readonly txn?: Transaction;
  readonly domainMetadata?: DomainMetadata;
  readonly commitInfo?: CommitInfo;
  readonly checkpointMetadata?: { readonly version: number };
  readonly sidecar?: Sidecar;
}

/** A commit's bytes to its actions; unknown actions stay and are of no consequence. Fails with `delta_corrupt`, naming file and line. */
export function parseCommit(bytes: Uint8Array, key: string): Action[] {
  const lines = new TextDecoder().decode(bytes).split("\n");
  const actions: Action[] = [];
  lines.forEach((line, index) => {
    if (line.trim() === "") return;
    try {
      const action: unknown = JSON.parse(line);
      if (typeof action !== "object" || action === null) throw new TypeError("not an object");
      actions.push(action as Action);
    } catch (cause) {
      throw new CinelakeError("delta_corrupt", `Line ${index + 1} of ${key} is not an action.`, {
        cause,
        details: { key },
      });
    }
  });
  return actions;
}

export function formatCommit(actions: readonly Action[]): Uint8Array {
  return new TextEncoder().encode(actions.map((action) => `${JSON.stringify(action)}\n`).join(""));
}

/** The physical path that an action's URI names. */
export function physicalPath(uri: string): string {
  try {
    return decodeURIComponent(uri);
  } catch (cause) {
    throw new CinelakeError("delta_corrupt", `The log names a file by ${uri}, which is not percent-encoded.`, {
      cause,
    });
  }
}

/** The URI of a physical path. A name that holds percent signs already is encoded once more. */
export function fileUri(path: string): string {
  return path
    .split("/")
    .map((segment) => encodeURIComponent(segment).replaceAll("%3D", "="))
    .join("/");
}

/**
 * What makes two file actions speak of the same file: its path (`/a`, `file:/a` and `file:///a` are one) and its deletion vector. Fails with
 * `delta_corrupt` for one without a path.
 */
export function fileKey(file: { readonly path: string; readonly deletionVector?: DeletionVector | null }): string {
  const path = pathKey(file.path);
  const vector = file.deletionVector;
  return vector ? `${path}\n${vector.storageType}${vector.pathOrInlineDv}@${vector.offset ?? ""}` : path;
}

/** Nearly all paths of large tables are what they stand for already. */
function pathKey(uri: unknown): string {
  if (typeof uri !== "string") throw new CinelakeError("delta_corrupt", "The log has a file action without a path.");
  if (!uri.includes("%") && !uri.startsWith("/") && !uri.startsWith("file:")) return uri;
  return physicalPath(uri).replace(/^(?:file:)?\/+/, "/");
}

/** The action that removes a file. */
export function removalOf(add: AddFile, now: number): RemoveFile {
  return {
    path: add.path,
    deletionTimestamp: now,
    dataChange: true,
    extendedFileMetadata: true,
    partitionValues: add.partitionValues,
    size: add.size,
    ...(add.deletionVector ? { deletionVector: add.deletionVector } : {}),
  };
}
