import { decodeSnapshot } from "@cinelake/als";
import type { Metadata } from "@cinelake/metadata";
import type { ObjectStore } from "@cinelake/object_store";
import { sparingly, type Logger, type Metrics } from "@cinelake/runtime";
import { repeat, type Repeated } from "./repeat.ts";
import { serveSnapshot, type ServedModel } from "./served_model.ts";

/** The model that serves, as the metadata row names it; a new one is built beside the old one and swapped in whole. */
export interface ModelStore {
  current(): ServedModel | undefined;
  /**
   * Undefined when the promoted model is in place or there is none yet; else what is wrong. A metadata database that goes away later is
   * not: what was promoted last serves on.
   */
  problem(): string | undefined;
  stop(): Promise<void>;
}

export interface ModelStorePorts {
  readonly metadata: Metadata;
  readonly store: ObjectStore;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
  /** Runs on a model before it serves, so that its first requests do not pay for what can be done ahead. */
  readonly warmUp: (model: ServedModel) => void;
}

/** Looks at the row `serving_model` at once (before it returns) and then every `pollMs`. A model that cannot be loaded leaves the old one. */
export async function openModelStore(ports: ModelStorePorts, pollMs: number): Promise<ModelStore> {
  const { metadata, store, logger, metrics, now, warmUp } = ports;
  let model: ServedModel | undefined;
  let revision: number | undefined;
  let problem: string | undefined = "the serving model has not been looked up yet";
  let lookedUp = false;
  let doing = "looked up";
  const loads = metrics.counter("cinelake_model_loads_total");
  const age = metrics.gauge("cinelake_model_age_seconds");

  async function look(): Promise<void> {
    doing = "looked up";
    const row = await metadata.servingModel();
    doing = "loaded";
    lookedUp = true;
    if (row && row.revision !== revision) {
      problem = model ? problem : `model ${row.modelVersion} is being loaded`;
      const next = serveSnapshot(decodeSnapshot(await store.get(row.snapshotKey)), row.promotedAt);
      warmUp(next);
      model = next;
      revision = row.revision;
      loads.inc({ outcome: "loaded" });
      logger.info({ model_version: model.version, films: model.space.movieIds.length }, "model in place");
    }
    problem = undefined;
    if (model) age.set(Math.max(0, now() - model.promotedAt) / 1000);
  }

  const tell = sparingly((error) =>
    logger.error({ err: error }, `model cannot be ${doing}; the one before goes on serving`),
  );
  const failed = (error: unknown): void => {
    const isAway = doing === "looked up";
    if (!isAway) loads.inc({ outcome: "failed" });
    if (!isAway || !lookedUp)
      problem = `the serving model cannot be ${doing}: ${error instanceof Error ? error.message : String(error)}`;
    tell(error);
  };
  await look().catch(failed);
  const polling: Repeated = repeat(look, pollMs, failed);
  return { current: () => model, problem: () => problem, stop: () => polling.stop() };
}
