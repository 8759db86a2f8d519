import type { AlsOptions } from "@cinelake/als";
import { withSnakeCaseKeys } from "@cinelake/contracts";
import type { TrainerPorts } from "./ports.ts";
import type { TrainingPlan } from "./plan.ts";

export const EXPERIMENT = "als";
export const REGISTERED_MODEL = "cinelake_als";
export const SERVING_ALIAS = "serving";

/**
 * A training run in the tracking server. Tracking only mirrors what the lake and the metadata row say, so a server that fails is
 * a warning, never the end of a training.
 */
export interface RunLog {
  metrics(values: Readonly<Record<string, number>>, step?: number): Promise<void>;
  finish(status: "finished" | "failed" | "killed"): Promise<void>;
  /** Points the registered model's alias at this run's model. */
  promoted(): Promise<void>;
}

export async function startRunLog(
  { tracking, logger }: Pick<TrainerPorts, "tracking" | "logger">,
  plan: Pick<TrainingPlan, "modelVersion" | "snapshotKey">,
  options: AlsOptions,
  sizes: Readonly<Record<string, number>>,
): Promise<RunLog> {
  const tolerant = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      logger?.warn({ err: error, model_version: plan.modelVersion }, `tracking: ${what} failed; training goes on`);
      return undefined;
    }
  };
  const runId = await tolerant("starting a run", () =>
    tracking.startRun({ experiment: EXPERIMENT, name: plan.modelVersion, tags: { model_version: plan.modelVersion } }),
  );
  const withRun = async (what: string, work: (runId: string) => Promise<unknown>): Promise<void> => {
    if (runId !== undefined) await tolerant(what, () => work(runId));
  };
  await withRun("logging parameters", (id) => tracking.logParams(id, { ...namedSettings(options), ...sizes }));
  return {
    metrics: (values, step) => withRun("logging metrics", (id) => tracking.logMetrics(id, values, step)),
    finish: (status) => withRun("finishing the run", (id) => tracking.finishRun(id, status)),
    promoted: () =>
      withRun("registering the model", async (id) => {
        const version = await tracking.registerModel({ name: REGISTERED_MODEL, runId: id, source: plan.snapshotKey });
        await tracking.setAlias(REGISTERED_MODEL, SERVING_ALIAS, version);
      }),
  };
}

/** The options under the names that JSON, tables and tracking use. */
export function namedSettings(options: AlsOptions): Record<string, string | number> {
  return withSnakeCaseKeys(options) as Record<string, string | number>;
}
