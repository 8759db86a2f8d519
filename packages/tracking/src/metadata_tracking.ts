import { randomUUID } from "node:crypto";
import { CinelakeError } from "@cinelake/contracts";
import type { Database } from "@cinelake/metadata";
import type { Kysely } from "kysely";
import { pointsOf, readRuns } from "./metadata_runs.ts";
import type { Tracking } from "./tracking.ts";

type Db = Kysely<Database>;

const DEFAULT_LIMIT = 100;

/** Runs and models as rows of the metadata database; every call is one transaction. */
export function metadataTracking(db: Db, now: () => number): Tracking {
  return {
    url: "metadata:",

    async startRun({ experiment, name, tags = {} }) {
      const run_id = randomUUID().replaceAll("-", "");
      await db.transaction().execute(async (within) => {
        await within
          .insertInto("runs")
          .values({ run_id, experiment, name, status: "running", started_at: now(), finished_at: null })
          .execute();
        const rows = Object.entries(tags).map(([key, value]) => ({ run_id, key, value }));
        if (rows.length > 0) await within.insertInto("run_tags").values(rows).execute();
      });
      return run_id;
    },

    async logParams(runId, params) {
      await db.transaction().execute(async (within) => {
        await requireRun(within, runId);
        for (const [key, given] of Object.entries(params)) await insertParam(within, runId, key, String(given));
      });
    },

    async logMetrics(runId, metrics, step = 0) {
      const rows = Object.entries(metrics).map(([key, value]) => {
        requireFinite(runId, key, value);
        return { run_id: runId, key, step, value, logged_at: now() };
      });
      await db.transaction().execute(async (within) => {
        await requireRun(within, runId);
        if (rows.length === 0) return;
        await within
          .insertInto("run_metrics")
          .values(rows)
          .onConflict((conflict) =>
            conflict.columns(["run_id", "key", "step"]).doUpdateSet((row) => ({
              value: row.ref("excluded.value"),
              logged_at: row.ref("excluded.logged_at"),
            })),
          )
          .execute();
      });
    },

    async finishRun(runId, status) {
      const done = await db
        .updateTable("runs")
        .set({ status, finished_at: now() })
        .where("run_id", "=", runId)
        .returning("run_id")
        .executeTakeFirst();
      if (!done) throw missingRun(runId);
    },

    async run(runId) {
      const rows = await db.selectFrom("runs").selectAll().where("run_id", "=", runId).execute();
      const [run] = await readRuns(db, rows);
      if (!run) throw missingRun(runId);
      return run;
    },

    async metricHistory(runId, key) {
      await requireRun(db, runId);
      return pointsOf(db, runId, key);
    },

    async runs(experiment, { limit = DEFAULT_LIMIT } = {}) {
      const rows = await db
        .selectFrom("runs")
        .selectAll()
        .where("experiment", "=", experiment)
        .orderBy("started_at", "desc")
        .orderBy("run_id", "desc")
        .limit(limit)
        .execute();
      return readRuns(db, rows);
    },

    async registerModel({ name, runId, source }) {
      await requireRun(db, runId);
      for (;;) {
        const { version } = await db
          .selectFrom("model_versions")
          .select((row) => row.fn.coalesce(row.fn.max("version"), row.lit(0)).as("version"))
          .where("name", "=", name)
          .executeTakeFirstOrThrow();
        const inserted = await db
          .insertInto("model_versions")
          .values({ name, version: Number(version) + 1, run_id: runId, source, created_at: now() })
          .onConflict((conflict) => conflict.columns(["name", "version"]).doNothing())
          .returning("version")
          .executeTakeFirst();
        if (inserted) return Number(inserted.version);
      }
    },

    async setAlias(model, alias, version) {
      await db.transaction().execute(async (within) => {
        const known = await within
          .selectFrom("model_versions")
          .select("version")
          .where("name", "=", model)
          .where("version", "=", version)
          .executeTakeFirst();
        if (!known) {
          throw new CinelakeError(
            "not_found",
            `Model ${model} has no version ${version}: register it before an alias names it.`,
          );
        }
        await within
          .insertInto("model_aliases")
          .values({ name: model, alias, version })
          .onConflict((conflict) => conflict.columns(["name", "alias"]).doUpdateSet({ version }))
          .execute();
      });
    },

    async modelVersion(model, alias) {
      const row = await db
        .selectFrom("model_aliases as a")
        .innerJoin("model_versions as v", (join) =>
          join.onRef("v.name", "=", "a.name").onRef("v.version", "=", "a.version"),
        )
        .select(["v.name", "v.version", "v.run_id", "v.source"])
        .where("a.name", "=", model)
        .where("a.alias", "=", alias)
        .executeTakeFirst();
      return row && { name: row.name, version: Number(row.version), runId: row.run_id, source: row.source };
    },

    async [Symbol.asyncDispose]() {},
  };
}

async function insertParam(db: Db, runId: string, key: string, value: string): Promise<void> {
  const inserted = await db
    .insertInto("run_params")
    .values({ run_id: runId, key, value })
    .onConflict((conflict) => conflict.columns(["run_id", "key"]).doNothing())
    .returning("key")
    .executeTakeFirst();
  if (inserted) return;
  const { value: present } = await db
    .selectFrom("run_params")
    .select("value")
    .where("run_id", "=", runId)
    .where("key", "=", key)
    .executeTakeFirstOrThrow();
  if (present === value) return;
  throw new CinelakeError(
    "invalid_argument",
    `Parameter ${key} of run ${runId} is ${JSON.stringify(present)} and cannot become ${JSON.stringify(value)}: start another run.`,
  );
}

async function requireRun(db: Db, runId: string): Promise<void> {
  const row = await db.selectFrom("runs").select("run_id").where("run_id", "=", runId).executeTakeFirst();
  if (!row) throw missingRun(runId);
}

function missingRun(runId: string): CinelakeError {
  return new CinelakeError("not_found", `There is no run ${runId}.`);
}

function requireFinite(runId: string, key: string, value: number): void {
  if (Number.isFinite(value)) return;
  throw new CinelakeError(
    "invalid_argument",
    `Metric ${key} of run ${runId} is ${value}: a metric is a finite number.`,
  );
}
