import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** Portable column types only: the same migration runs on SQLite and PostgreSQL. */
export const initial: Migration = { up };

async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("serving_model")
    .addColumn("slot", "varchar(64)", (column) => column.primaryKey())
    .addColumn("model_version", "varchar(256)", (column) => column.notNull())
    .addColumn("snapshot_key", "text", (column) => column.notNull())
    .addColumn("details", "text", (column) => column.notNull())
    .addColumn("promoted_at", "bigint", (column) => column.notNull())
    .addColumn("revision", "integer", (column) => column.notNull().defaultTo(1))
    .execute();

  await db.schema
    .createTable("runs")
    .addColumn("run_id", "varchar(64)", (column) => column.primaryKey())
    .addColumn("experiment", "varchar(256)", (column) => column.notNull())
    .addColumn("name", "varchar(256)", (column) => column.notNull())
    .addColumn("status", "varchar(16)", (column) => column.notNull())
    .addColumn("started_at", "bigint", (column) => column.notNull())
    .addColumn("finished_at", "bigint")
    .addCheckConstraint("runs_status", sql`status in ('running', 'finished', 'failed', 'killed')`)
    .execute();
  await db.schema
    .createIndex("runs_by_experiment")
    .on("runs")
    .columns(["experiment", "started_at", "run_id"])
    .execute();

  await db.schema
    .createTable("run_params")
    .addColumn("run_id", "varchar(64)", (column) => column.notNull().references("runs.run_id").onDelete("cascade"))
    .addColumn("key", "varchar(256)", (column) => column.notNull())
    .addColumn("value", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("run_params_key", ["run_id", "key"])
    .execute();
  await db.schema
    .createTable("run_metrics")
    .addColumn("run_id", "varchar(64)", (column) => column.notNull().references("runs.run_id").onDelete("cascade"))
    .addColumn("key", "varchar(256)", (column) => column.notNull())
    .addColumn("step", "bigint", (column) => column.notNull())
    .addColumn("value", "double precision", (column) => column.notNull())
    .addColumn("logged_at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("run_metrics_key", ["run_id", "key", "step"])
    .execute();
  await db.schema
    .createTable("run_tags")
    .addColumn("run_id", "varchar(64)", (column) => column.notNull().references("runs.run_id").onDelete("cascade"))
    .addColumn("key", "varchar(256)", (column) => column.notNull())
    .addColumn("value", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("run_tags_key", ["run_id", "key"])
    .execute();

  await db.schema
    .createTable("model_versions")
    .addColumn("name", "varchar(256)", (column) => column.notNull())
    .addColumn("version", "integer", (column) => column.notNull())
    .addColumn("run_id", "varchar(64)", (column) => column.notNull().references("runs.run_id"))
    .addColumn("source", "text", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("model_versions_key", ["name", "version"])
    .execute();
  await db.schema
    .createTable("model_aliases")
    .addColumn("name", "varchar(256)", (column) => column.notNull())
    .addColumn("alias", "varchar(256)", (column) => column.notNull())
    .addColumn("version", "integer", (column) => column.notNull())
    .addPrimaryKeyConstraint("model_aliases_key", ["name", "alias"])
    .addForeignKeyConstraint("model_aliases_version", ["name", "version"], "model_versions", ["name", "version"])
    .execute();
}
