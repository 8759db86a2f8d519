/**
 * Experiment runs and registered models; the shape is MLflow's, so that its server can stand behind it.
 *
 * Guarantees (the conformance suite has a test of the same name for each):
 * - runs_are_found_again: what was logged to a run is what `run` and `runs` give back
 * - params_are_write_once: the same value again is fine, another one fails with `invalid_argument`
 * - metrics_keep_their_history: each (key, step) is kept; `run` gives the latest
 * - model_versions_rise: `registerModel` numbers a model's versions from 1 without gaps
 * - aliases_move_atomically: an alias names one version of a model at a time
 * - missing_runs_fail: with `not_found`
 */
export interface Tracking extends AsyncDisposable {
  readonly url: string;
  startRun(run: { experiment: string; name: string; tags?: Readonly<Record<string, string>> }): Promise<string>;
  logParams(runId: string, params: Readonly<Record<string, string | number | boolean>>): Promise<void>;
  logMetrics(runId: string, metrics: Readonly<Record<string, number>>, step?: number): Promise<void>;
  finishRun(runId: string, status: "finished" | "failed" | "killed"): Promise<void>;
  run(runId: string): Promise<TrackedRun>;
  /** Newest first. */
  runs(experiment: string, options?: { limit?: number }): Promise<TrackedRun[]>;
  registerModel(model: { name: string; runId: string; source: string }): Promise<number>;
  setAlias(model: string, alias: string, version: number): Promise<void>;
  modelVersion(model: string, alias: string): Promise<ModelVersion | undefined>;
}

export interface TrackedRun {
  readonly runId: string;
  readonly experiment: string;
  readonly name: string;
  readonly status: "running" | "finished" | "failed" | "killed";
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly finishedAt: number | undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>;
  readonly tags: Readonly<Record<string, string>>;
}

export interface ModelVersion {
  readonly name: string;
  readonly version: number;
  readonly runId: string;
  readonly source: string;
}
