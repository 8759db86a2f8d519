import { CinelakeError } from "@cinelake/contracts/errors";
import type { StructType } from "../api.ts";
import { parseSchema } from "../schema/types.ts";
import {
  fileKey,
  type Action,
  type AddFile,
  type DomainMetadata,
  type Metadata,
  type Protocol,
  type RemoveFile,
  type Transaction,
} from "./actions.ts";

/** A table as of one version: the outcome of replaying its log. Never changed after it was made. */
export interface TableState {
  readonly version: number;
  /** In-commit time of the version if the table keeps it, else its file's time. */
  readonly timestamp: number;
  readonly protocol: Protocol;
  readonly metadata: Metadata;
  readonly schema: StructType;
  /** Live files by `fileKey`. */
  readonly files: ReadonlyMap<string, AddFile>;
  readonly transactions: ReadonlyMap<string, Transaction>;
  readonly domains: ReadonlyMap<string, DomainMetadata>;
}

export interface ReplayOptions {
  /** The state to start from; default none. */
  readonly base?: TableState;
  /** Filled with removed files by `fileKey`, if given: only checkpoints and clean-up want them, and they are many. */
  readonly tombstones?: Map<string, RemoveFile>;
}

/** Replays actions over a state (or none), oldest first. */
export class Replay {
  readonly tombstones: Map<string, RemoveFile> | undefined;
  readonly #base: TableState | undefined;
  #protocol: Protocol | undefined;
  #metadata: Metadata | undefined;
  #files = new Map<string, AddFile>();
  #transactions = new Map<string, Transaction>();
  #domains = new Map<string, DomainMetadata>();

  constructor({ base, tombstones }: ReplayOptions = {}) {
    this.#base = base;
    this.tombstones = tombstones;
    this.reset();
  }

  /** Back to the start. */
  reset(): void {
    this.#protocol = this.#base?.protocol;
    this.#metadata = this.#base?.metadata;
    this.#files = new Map(this.#base?.files);
    this.#transactions = new Map(this.#base?.transactions);
    this.#domains = new Map(this.#base?.domains);
    this.tombstones?.clear();
  }

  /** One commit's actions, or those of several that were reconciled. Removes come first: a file may be replaced under the same path. */
  apply(actions: readonly Action[]): void {
    for (const { remove } of actions) {
      if (!remove) continue;
      const key = fileKey(remove);
      this.#files.delete(key);
      this.tombstones?.set(key, remove);
    }
    for (const { add, protocol, metaData, txn, domainMetadata } of actions) {
      if (add) this.addFiles([add.partitionValues ? add : { ...add, partitionValues: {} }]);
      else if (protocol) this.#protocol = protocol;
      else if (metaData) this.#metadata = metadataOf(metaData);
      else if (txn) this.#transactions.set(txn.appId, txn);
      else if (domainMetadata) this.#setDomain(domainMetadata);
    }
  }

  addFiles(adds: readonly AddFile[]): void {
    for (const add of adds) {
      const key = fileKey(add);
      this.tombstones?.delete(key);
      this.#files.set(key, add);
    }
  }

  /** Removed files of a checkpoint, where they are not among the live ones. */
  addTombstones(removes: readonly RemoveFile[]): void {
    for (const remove of removes) {
      const key = fileKey(remove);
      if (!this.#files.has(key)) this.tombstones?.set(key, remove);
    }
  }

  /** The state reached; fails with `delta_corrupt` if the log holds no protocol or no metadata. */
  finish(version: number, timestamp: number): TableState {
    const protocol = this.#protocol ?? missing("protocol", version);
    const metadata = this.#metadata ?? missing("metaData", version);
    const base = this.#base?.metadata.schemaString === metadata.schemaString ? this.#base : undefined;
    return {
      version,
      timestamp,
      protocol,
      metadata,
      schema: base?.schema ?? parseSchema(metadata.schemaString),
      files: this.#files,
      transactions: this.#transactions,
      domains: this.#domains,
    };
  }

  #setDomain(domain: DomainMetadata): void {
    if (domain.removed) this.#domains.delete(domain.domain);
    else this.#domains.set(domain.domain, domain);
  }
}

/** A `metaData` action as the rest reads it: some writers leave out, or write as null, what is empty. */
export function metadataOf(action: Metadata): Metadata {
  const given: Partial<Metadata> = action;
  return { ...action, partitionColumns: given.partitionColumns ?? [], configuration: given.configuration ?? {} };
}

function missing(action: string, version: number): never {
  throw new CinelakeError("delta_corrupt", `The log up to version ${version} has no ${action} action.`);
}
