import { defaultAlsOptions, preferenceOfRating, trainAls, type AlsModel, type AlsOptions } from "@cinelake/als";
import { CinelakeError } from "@cinelake/contracts";
import { ratingMatrix } from "@cinelake/evaluation";
import { LIST_LENGTH, type Trained } from "./gold_rows.ts";
import { identifyModel, planTraining, type TrainingPlan } from "./plan.ts";
import type { TrainerPorts, WorkHooks } from "./ports.ts";
import { publishedState, writeGoldTable, writeSnapshot } from "./publish.ts";
import { namedSettings, startRunLog, type RunLog } from "./run_log.ts";
import { nextOffsetsOf, openSources, readRatings, sourceStates, type RatedFilms } from "./sources.ts";

export interface TrainResult {
  readonly modelVersion: string;
  /** False if this model was trained, written and serving already. */
  readonly changed: boolean;
  readonly users: number;
  readonly movies: number;
  readonly ratings: number;
}

/**
 * Trains on the current Silver ratings and publishes: the three Gold tables (one commit each), the snapshot, and last the metadata
 * row, which is what makes the model serve. A run takes up what an interrupted run with equal input left and gives the same tables;
 * with everything there nothing is written. Fails with `dataset_missing` without ratings, with the signal's reason when aborted.
 */
export async function trainModel(
  ports: TrainerPorts,
  options: Partial<AlsOptions> = {},
  hooks: WorkHooks = {},
): Promise<TrainResult> {
  const settings: AlsOptions = { ...defaultAlsOptions, ...options };
  const sources = await openSources(ports);
  const model = identifyModel(sourceStates(sources), settings, LIST_LENGTH);
  const plan = planTraining(model, await publishedState(ports, model));
  const serving = await ports.metadata.servingModel();
  if (!plan.train && !plan.promote)
    return { modelVersion: plan.modelVersion, changed: false, ...sizesIn(serving?.details) };

  const data = await readRatings(ports, sources);
  const sizes = { users: data.userIds.length, movies: data.movieIds.length, ratings: data.ratings.stars.length };
  if (sizes.ratings === 0) {
    throw new CinelakeError(
      "dataset_missing",
      "Table silver_ratings has no rows: check the data set, then run ./cinelake etl",
    );
  }
  const log = await startRunLog(ports, plan, settings, sizes);
  try {
    const computedAt = plan.computedAt ?? (ports.now ?? Date.now)();
    let measures: Measures | undefined;
    if (plan.train) {
      const trained = await train(settings, data, log, hooks);
      measures = trained.measures;
      await publish(
        ports,
        plan,
        { model: trained.model, data },
        { computedAt, nextOffsets: nextOffsetsOf(sources) },
        hooks,
      );
    }
    if (plan.promote) {
      const { modelVersion, snapshotKey } = plan;
      const details = {
        ...sizes,
        ...measures,
        computed_at: computedAt,
        settings: namedSettings(settings),
        sources: sourceStates(sources),
      };
      await ports.metadata.promoteModel({ modelVersion, snapshotKey, details }, serving?.revision ?? 0);
      await log.promoted();
    }
    await log.finish("finished");
  } catch (error) {
    await log.finish(hooks.signal?.aborted ? "killed" : "failed");
    throw error;
  }
  return { modelVersion: plan.modelVersion, changed: true, ...sizes };
}

/** What a training tells of itself; a run that takes up an interrupted one's tables and snapshot has none. */
interface Measures {
  readonly training_seconds: number;
  readonly quality: Readonly<Record<string, number>>;
}

async function train(
  settings: AlsOptions,
  data: RatedFilms,
  log: RunLog,
  { onProgress, signal }: WorkHooks,
): Promise<{ model: AlsModel; measures: Measures }> {
  const started = performance.now();
  const losses: number[] = [];
  const model = await trainAls(ratingMatrix(data.ratings, preferenceOfRating), settings, {
    computeLoss: true,
    onProgress: ({ iteration, iterations, loss }) => {
      losses.push(loss!);
      onProgress?.({ name: "train", done: iteration, total: iterations, unit: "iterations" });
    },
    ...(signal && { signal }),
  });
  const seconds = (performance.now() - started) / 1000;
  for (const [at, loss] of losses.entries()) await log.metrics({ loss }, at + 1);
  await log.metrics({ training_seconds: seconds });
  const loss = losses.at(-1);
  return { model, measures: { training_seconds: seconds, quality: loss === undefined ? {} : { loss } } };
}

/** Gold tables, then the snapshot: whatever the metadata row is about to name is durable before it does. */
async function publish(
  ports: TrainerPorts,
  plan: TrainingPlan,
  trained: Trained,
  written: { readonly computedAt: number; readonly nextOffsets: Readonly<Record<string, number>> },
  { onProgress, signal }: WorkHooks,
): Promise<void> {
  const total = plan.tables.length + 1;
  const stamp = { modelVersion: plan.modelVersion, computedAt: written.computedAt };
  for (const [done, name] of plan.tables.entries()) {
    signal?.throwIfAborted();
    onProgress?.({ name: `write ${name}`, done, total, unit: "files" });
    await writeGoldTable(ports, name, trained, stamp, plan.fingerprint);
  }
  signal?.throwIfAborted();
  onProgress?.({ name: "write snapshot", done: total - 1, total, unit: "files" });
  if (plan.writeSnapshot) await writeSnapshot(ports, plan, trained, written.nextOffsets);
}

function sizesIn(
  details: Readonly<Record<string, unknown>> | undefined,
): Pick<TrainResult, "users" | "movies" | "ratings"> {
  const size = (name: string): number => Number(details?.[name] ?? 0);
  return { users: size("users"), movies: size("movies"), ratings: size("ratings") };
}
