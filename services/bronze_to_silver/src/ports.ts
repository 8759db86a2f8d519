import type { SqlEngine } from "@cinelake/delta";
import type { ObjectStore } from "@cinelake/object_store";

/** What the job works with. */
export interface EtlPorts {
  /** The lake. */
  readonly store: ObjectStore;
  readonly engine: SqlEngine;
  readonly logger?: { warn(details: object, message: string): void };
}

/** The ingestion to read, as the manifest in Bronze names it. */
export interface EtlInput {
  readonly ingestionId: string;
  readonly datasetName: string;
  /** UTC day of the ingestion, `YYYY-MM-DD`: the Bronze partition. */
  readonly ingestionDate: string;
  /** Milliseconds since the epoch; stamps rejects and the report. */
  readonly now: number;
}

/** Told at the start of each step: what is done, how many steps are behind, how many there are. */
export type EtlProgress = (step: { readonly step: string; readonly done: number; readonly total: number }) => void;
