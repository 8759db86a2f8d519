import { fileKey, type Action, type AddFile, type Protocol } from "./actions.ts";
import { featuresOf } from "./protocol.ts";

/**
 * How far a commit must look as if it had been made alone (Delta's isolation levels): `Serializable` minds every row that was added
 * among those it read, `WriteSerializable` lets blind appends pass, `SnapshotIsolation` minds none: for commits that change no data.
 */
export type IsolationLevel = "Serializable" | "WriteSerializable" | "SnapshotIsolation";

/** What a commit relied on and does, as far as commits that came in between can upset it. */
export interface Intent {
  readonly isolation: IsolationLevel;
  /** Whether the commit would have read a file, had it been there: nothing for a blind append, everything for a whole table's overwrite. */
  reads(file: AddFile): boolean;
  /** Files that were read, by `fileKey`. */
  readonly readFiles: ReadonlySet<string>;
  /** Files that it removes, by `fileKey`; always among those read. */
  readonly removedFiles: ReadonlySet<string>;
  /** Applications whose transaction it sets. */
  readonly applications: ReadonlySet<string>;
  /** Domains of metadata that it sets. */
  readonly domains: ReadonlySet<string>;
  /** The protocol it was made under. */
  readonly protocol: Protocol;
  readonly changesProtocol: boolean;
  readonly changesMetadata: boolean;
  /** True if this package can write under a protocol. */
  canWrite(protocol: Protocol): boolean;
}

export type Conflict =
  | { readonly kind: "protocol_changed" }
  | { readonly kind: "metadata_changed" }
  | { readonly kind: "concurrent_transaction"; readonly appId: string }
  | { readonly kind: "domain_changed"; readonly domain: string }
  | { readonly kind: "concurrent_append"; readonly file: string }
  | { readonly kind: "concurrent_delete_read"; readonly file: string }
  | { readonly kind: "concurrent_delete_delete"; readonly file: string };

/**
 * The reason why a commit cannot follow the `winner` that took its version, or undefined if it can take the next one. Files
 * rearranged without a change of data (`dataChange` false) upset only who removes the same ones.
 */
export function findConflict(mine: Intent, winner: readonly Action[]): Conflict | undefined {
  for (const { protocol } of winner) {
    if (protocol && protocolUpsets(mine, protocol)) return { kind: "protocol_changed" };
  }
  if (winner.some((action) => action.metaData)) return { kind: "metadata_changed" };
  for (const { txn, domainMetadata } of winner) {
    if (txn && mine.applications.has(txn.appId)) return { kind: "concurrent_transaction", appId: txn.appId };
    if (domainMetadata && mine.domains.has(domainMetadata.domain)) {
      return { kind: "domain_changed", domain: domainMetadata.domain };
    }
  }
  if (mindsAppends(mine, winner)) {
    for (const { add } of winner) {
      if (add && add.dataChange && mine.reads(add)) return { kind: "concurrent_append", file: add.path };
    }
  }
  for (const { remove } of winner) {
    if (!remove) continue;
    const key = fileKey(remove);
    if (mine.removedFiles.has(key)) return { kind: "concurrent_delete_delete", file: remove.path };
    if (remove.dataChange && mine.readFiles.has(key)) return { kind: "concurrent_delete_read", file: remove.path };
  }
  return undefined;
}

/** A protocol that only gains features, all of them known here, leaves what a commit did under the old one right. */
function protocolUpsets(mine: Intent, protocol: Protocol): boolean {
  const kept = new Set(featuresOf(protocol));
  const dropped = featuresOf(mine.protocol).some((feature) => !kept.has(feature));
  return mine.changesProtocol || dropped || !mine.canWrite(protocol);
}

function mindsAppends(mine: Intent, winner: readonly Action[]): boolean {
  if (mine.isolation === "SnapshotIsolation") return false;
  if (mine.isolation === "Serializable" || mine.changesMetadata) return true;
  return winner.find((action) => action.commitInfo)?.commitInfo?.isBlindAppend !== true;
}

/** What a person is told. */
export function describeConflict(conflict: Conflict): string {
  switch (conflict.kind) {
    case "protocol_changed":
      return "it changes the table's protocol";
    case "metadata_changed":
      return "it changes the table's schema or properties";
    case "concurrent_transaction":
      return `it advances the application ${conflict.appId} as well`;
    case "domain_changed":
      return `it sets the metadata domain ${conflict.domain} as well`;
    case "concurrent_append":
      return `it adds rows among those that were read (${conflict.file})`;
    case "concurrent_delete_read":
      return `it removes a file that was read (${conflict.file})`;
    case "concurrent_delete_delete":
      return `it removes a file that is removed here as well (${conflict.file})`;
  }
}
