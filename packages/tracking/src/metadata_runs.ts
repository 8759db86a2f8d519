import type { Database } from "@cinelake/metadata";
import type { Kysely } from "kysely";
import type { MetricPoint, RunStatus, TrackedRun } from "./tracking.ts";

/** Rows of `runs` with their params, tags and latest metrics, in the order given. */
export async function readRuns(db: Kysely<Database>, runs: readonly Database["runs"][]): Promise<TrackedRun[]> {
  if (runs.length === 0) return [];
  const ids = runs.map((run) => run.run_id);
  const params = await db.selectFrom("run_params").selectAll().where("run_id", "in", ids).execute();
  const tags = await db.selectFrom("run_tags").selectAll().where("run_id", "in", ids).execute();
  const metrics = await db
    .selectFrom("run_metrics as m")
    .innerJoin(
      (from) =>
        from
          .selectFrom("run_metrics")
          .select((row) => ["run_id", "key", row.fn.max("step").as("step")])
          .where("run_id", "in", ids)
          .groupBy(["run_id", "key"])
          .as("latest"),
      (join) =>
        join
          .onRef("latest.run_id", "=", "m.run_id")
          .onRef("latest.key", "=", "m.key")
          .onRef("latest.step", "=", "m.step"),
    )
    .select(["m.run_id", "m.key", "m.value"])
    .execute();
  const [paramsOf, tagsOf, metricsOf] = [byRun(params), byRun(tags), byRun(metrics)];
  return runs.map((run) => ({
    runId: run.run_id,
    experiment: run.experiment,
    name: run.name,
    status: run.status as RunStatus,
    startedAt: Number(run.started_at),
    finishedAt: run.finished_at === null ? undefined : Number(run.finished_at),
    params: paramsOf.get(run.run_id) ?? {},
    metrics: metricsOf.get(run.run_id) ?? {},
    tags: tagsOf.get(run.run_id) ?? {},
  }));
}

export async function pointsOf(db: Kysely<Database>, runId: string, key: string): Promise<MetricPoint[]> {
  const rows = await db
    .selectFrom("run_metrics")
    .select(["step", "value", "logged_at"])
    .where("run_id", "=", runId)
    .where("key", "=", key)
    .orderBy("step")
    .execute();
  return rows.map((row) => ({ step: Number(row.step), value: row.value, loggedAt: Number(row.logged_at) }));
}

function byRun<V>(rows: readonly { run_id: string; key: string; value: V }[]): Map<string, Record<string, V>> {
  return new Map(
    [...Map.groupBy(rows, (row) => row.run_id)].map(([runId, own]) => [
      runId,
      Object.fromEntries(own.map((row) => [row.key, row.value])),
    ]),
  );
}
