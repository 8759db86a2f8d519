import { join } from "node:path";
import { precomputeFinal, trainModel, type FinalResult, type TrainResult } from "@cinelake/als_trainer";
import { bronzeToSilver, type EtlResult } from "@cinelake/bronze_to_silver";
import { CinelakeError } from "@cinelake/contracts";
import {
  bootstrap,
  currentManifest,
  readManifest,
  type BootstrapOptions,
  type Report,
} from "@cinelake/ingest_bootstrap";
import { currentTrending } from "@cinelake/trending_aggregator";
import type { House } from "./house.ts";
import { inSpan } from "@cinelake/runtime";
import type { ReportProgress, RunStep } from "./steps.ts";

/** The window that the API blends with. */
const SERVED_WINDOW = "24h";

/** What a batch step works with. */
export interface BatchContext {
  readonly house: House;
  readonly step: RunStep;
  readonly signal: AbortSignal;
}

/** Runs a step alone, in a span of its name. */
function runStep<T>({ house, step }: BatchContext, name: string, work: (report: ReportProgress) => Promise<T>) {
  return house.batch(() => inSpan(house.tracing, name, {}, () => step(name, work)));
}

/** Brings a data set into Bronze. */
export function runBootstrap(context: BatchContext, options: BootstrapOptions): Promise<Report> {
  const { store, engine, configuration } = context.house;
  const downloads = join(configuration.dataDirectory, "downloads");
  return runStep(context, `bootstrap ${options.dataset}`, (report) =>
    bootstrap({ store, engine, downloads }, { ...options, signal: context.signal }, report),
  );
}

/** Makes Silver from a data set in Bronze, by default the one that was loaded last; fails with `dataset_missing` if there is none. */
export function runEtl(context: BatchContext, dataset?: string): Promise<EtlResult> {
  const { house } = context;
  return runStep(context, "bronze to silver", async (report) => {
    const manifest = await (dataset === undefined ? currentManifest(house.store) : readManifest(house.store, dataset));
    if (!manifest)
      throw new CinelakeError(
        "dataset_missing",
        `Bronze holds no data set${dataset === undefined ? "" : ` ${dataset}`}; run ./cinelake bootstrap first`,
      );
    const input = {
      ingestionId: manifest.ingestion_id,
      datasetName: manifest.dataset_name,
      ingestionDate: manifest.ingestion_date,
      now: Date.now(),
    };
    return bronzeToSilver(house, input, ({ step: name, done, total }) => report({ name, done, total, unit: "steps" }));
  });
}

/** Trains, writes the Gold tables and promotes the model. */
export function runTraining(context: BatchContext): Promise<TrainResult> {
  const { house, signal } = context;
  return runStep(context, "train and promote", (onProgress) => trainModel(house, {}, { onProgress, signal }));
}

/** What follows a promotion: the blended lists of the active users, for readers of the lake. */
export function runFinalLists(context: BatchContext): Promise<FinalResult> {
  const { house, signal } = context;
  return runStep(context, "blend lists of active users", async (onProgress) => {
    const publications = await currentTrending(house);
    const trending = publications.find(({ window }) => window === SERVED_WINDOW);
    return precomputeFinal(house, { trending, now: Date.now(), onProgress, signal });
  });
}
