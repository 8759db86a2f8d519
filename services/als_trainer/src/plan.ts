import { createHash } from "node:crypto";
import type { AlsOptions } from "@cinelake/als";

/** Table property that holds when the model was computed, in milliseconds; a run that goes on with a model keeps it. */
export const COMPUTED_PROPERTY = "cinelake.computed_at";

/** Written in this order; the snapshot and the metadata row follow. */
export const GOLD_TABLES = ["gold_als_user_factors", "gold_als_item_factors", "gold_recommendations_als"] as const;
export type GoldTable = (typeof GOLD_TABLES)[number];

/** Rises when equal data and options would give other tables than before. */
const RULES = 1;

/** A source table: its version, and its own input fingerprint (null if it has none). */
export interface SourceState {
  readonly version: number;
  readonly input: string | null;
}

/** What an earlier run left of this or another model. */
export interface PublishedState {
  /** Fingerprint and time of each Gold table; undefined where there is no such table. */
  readonly tables: Readonly<Record<GoldTable, { readonly input?: string; readonly computedAt?: number } | undefined>>;
  readonly snapshotExists: boolean;
  readonly servingVersion: string | undefined;
}

export interface TrainingPlan {
  readonly fingerprint: string;
  readonly modelVersion: string;
  readonly snapshotKey: string;
  /** Gold tables that are not yet this model's, in the order of writing. */
  readonly tables: readonly GoldTable[];
  readonly writeSnapshot: boolean;
  readonly promote: boolean;
  /** When an interrupted run computed this model, in milliseconds; undefined if none got as far as a table. */
  readonly computedAt: number | undefined;
  /** Whether the model's numbers are needed at all. */
  readonly train: boolean;
}

/** Identifies a model: equal data, options and list length give an equal one. */
export function identifyModel(
  sources: Readonly<Record<string, SourceState | null>>,
  options: AlsOptions,
  listLength: number,
): Pick<TrainingPlan, "fingerprint" | "modelVersion" | "snapshotKey"> {
  const text = JSON.stringify([RULES, sortedEntries(sources), sortedEntries(options), listLength]);
  const fingerprint = createHash("sha256").update(text).digest("hex");
  const modelVersion = `als-${fingerprint.slice(0, 12)}`;
  return { fingerprint, modelVersion, snapshotKey: `models/${modelVersion}/snapshot.bin` };
}

/** What is left to do until the identified model serves. */
export function planTraining(model: ReturnType<typeof identifyModel>, published: PublishedState): TrainingPlan {
  const own = GOLD_TABLES.filter((name) => published.tables[name]?.input === model.fingerprint);
  const tables = GOLD_TABLES.filter((name) => !own.includes(name));
  return {
    ...model,
    tables,
    writeSnapshot: !published.snapshotExists,
    promote: published.servingVersion !== model.modelVersion,
    computedAt: own.map((name) => published.tables[name]?.computedAt).find((time) => time !== undefined),
    train: tables.length > 0 || !published.snapshotExists,
  };
}

function sortedEntries(record: object): [string, unknown][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}
