import { utcDay } from "@cinelake/contracts";
import type { Manifest, Pending } from "./manifest.ts";

/** What distinguishes the rows of one ingestion from all others. */
export interface Ingestion {
  readonly dataset: string;
  readonly run: number;
  readonly ingestionId: string;
  /** ISO 8601, UTC. */
  readonly ingestionTs: string;
  readonly ingestionDate: string;
}

/** What is known of earlier runs of a data set. */
export interface Past {
  readonly manifest: Manifest | undefined;
  readonly pending: Pending | undefined;
}

export type Decision =
  | { readonly kind: "unchanged"; readonly manifest: Manifest }
  | { readonly kind: "ingest"; readonly ingestion: Ingestion; readonly resumed: boolean };

/** The run that began and did not come to its manifest. */
export function openRun({ manifest, pending }: Past): Pending | undefined {
  return pending && pending.run > (manifest?.run ?? 0) ? pending : undefined;
}

/**
 * Equal content is left alone unless `force`. A run of the same content that was interrupted is finished under its own number and
 * time. Anything else is a new run: its number is above every earlier one, also above what the tables have seen (`lastRun`).
 */
export function decide(
  dataset: string,
  version: string,
  past: Past,
  options: { readonly force: boolean; readonly lastRun: number; readonly now: number },
): Decision {
  const open = openRun(past);
  if (open && !open.abandoned && open.dataset_version === version) {
    const { run, ingestion_id, ingestion_ts } = open;
    return { kind: "ingest", ingestion: stamp(dataset, run, ingestion_id, Date.parse(ingestion_ts)), resumed: true };
  }
  if (!options.force && !open && past.manifest?.dataset_version === version) {
    return { kind: "unchanged", manifest: past.manifest };
  }
  const run = 1 + Math.max(past.manifest?.run ?? 0, past.pending?.run ?? 0, options.lastRun);
  const ingestionId = `${dataset}-${version.slice(0, 8)}-${run}`;
  return { kind: "ingest", ingestion: stamp(dataset, run, ingestionId, options.now), resumed: false };
}

function stamp(dataset: string, run: number, ingestionId: string, time: number): Ingestion {
  return { dataset, run, ingestionId, ingestionTs: new Date(time).toISOString(), ingestionDate: utcDay(time) };
}
