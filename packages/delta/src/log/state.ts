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

/** Replays actions over a state (or none), oldest first. */
export class Replay {
  #protocol: Protocol | undefined;
  #metadata: Metadata | undefined;
  readonly #files: Map<string, AddFile>;
  /** Removed files by `fileKey`: kept only from a start without base, since only checkpoints want them and they grow without end. */
  readonly tombstones = new Map<string, RemoveFile>();
  readonly #transactions: Map<string, Transaction>;
  readonly #domains: Map<string, DomainMetadata>;
  readonly #base: TableState | undefined;

  constructor(base?: TableState) {
    this.#base = base;
    this.#protocol = base?.protocol;
    this.#metadata = base?.metadata;
    this.#files = new Map(base?.files);
    this.#transactions = new Map(base?.transactions);
    this.#domains = new Map(base?.domains);
  }

  /** One commit's or checkpoint's actions. Within a commit removes come first: a file may be replaced under the same path. */
  apply(actions: readonly Action[]): void {
    for (const { remove } of actions) {
      if (!remove) continue;
      const key = fileKey(remove);
      this.#files.delete(key);
      if (!this.#base) this.tombstones.set(key, remove);
    }
    for (const action of actions) {
      if (action.add) {
        const key = fileKey(action.add);
        this.tombstones.delete(key);
        this.#files.set(key, action.add.partitionValues ? action.add : { ...action.add, partitionValues: {} });
      } else if (action.protocol) this.#protocol = action.protocol;
      else if (action.metaData) this.#metadata = { ...NO_PROPERTIES, ...action.metaData };
      else if (action.txn) this.#transactions.set(action.txn.appId, action.txn);
      else if (action.domainMetadata) this.#setDomain(action.domainMetadata);
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

/** Some writers leave these out where they are empty. */
const NO_PROPERTIES = { partitionColumns: [], configuration: {} };

function missing(action: string, version: number): never {
  throw new CinelakeError("delta_corrupt", `The log up to version ${version} has no ${action} action.`);
}
