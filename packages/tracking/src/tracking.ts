/**
 * Experiment runs and registered models; the shape is MLflow's, so that its server can stand behind it.
 *
 * Guarantees (the conformance suite has a test of the same name for each):
 * - runs_are_found_again: what was logged to a run is what `run` and `runs` give back
 * - params_are_write_once: the same value again is fine, another one fails with `invalid_argument`
 * - metrics_keep_their_history: each (key, step) is kept, one logged again replaces the value; `run` gives the highest step's
 * - model_versions_rise: `registerModel` numbers a model's versions from 1 without gaps
 * - aliases_move_atomically: an alias names one version of a model at a time; a version that does not exist fails with `not_found`
 * - missing_runs_fail: with `not_found`
 * - metrics_are_finite: NaN and infinities fail with `invalid_argument`, and nothing of that call is logged
 */
export interface Tracking extends AsyncDisposable {
  readonly url: string;
  startRun(run: { experiment: string; name: string; tags?: Readonly<Record<string, string>> }): Promise<string>;
  logParams(runId: string, params: Readonly<Record<string, string | number | boolean>>): Promise<void>;
  /** `step` defaults to 0. */
  logMetrics(runId: string, metrics: Readonly<Record<string, number>>, step?: number): Promise<void>;
  finishRun(runId: string, status: Exclude<RunStatus, "running">): Promise<void>;
  run(runId: string): Promise<TrackedRun>;
  /** All points of one metric, by step. */
  metricHistory(runId: string, key: string): Promise<MetricPoint[]>;
  /** Newest first; `limit` defaults to 100. */
  runs(experiment: string, options?: { limit?: number }): Promise<TrackedRun[]>;
  registerModel(model: { name: string; runId: string; source: string }): Promise<number>;
  setAlias(model: string, alias: string, version: number): Promise<void>;
  modelVersion(model: string, alias: string): Promise<ModelVersion | undefined>;
}

export type RunStatus = "running" | "finished" | "failed" | "killed";

export interface TrackedRun {
  readonly runId: string;
  readonly experiment: string;
  readonly name: string;
  readonly status: RunStatus;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly finishedAt: number | undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>;
  readonly tags: Readonly<Record<string, string>>;
}

export interface MetricPoint {
  readonly step: number;
  readonly value: number;
  /** Milliseconds since the epoch. */
  readonly loggedAt: number;
}

export interface ModelVersion {
  readonly name: string;
  readonly version: number;
  readonly runId: string;
  readonly source: string;
}
