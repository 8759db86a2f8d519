import type { Generated, Kysely } from "kysely";

/** Tables of the metadata database; the migrations make them. Times are milliseconds since the epoch. */
export interface Database {
  serving_model: ServingModelTable;
  runs: {
    run_id: string;
    experiment: string;
    name: string;
    status: string;
    started_at: number;
    finished_at: number | null;
  };
  run_params: { run_id: string; key: string; value: string };
  run_metrics: { run_id: string; key: string; step: number; value: number; logged_at: number };
  run_tags: { run_id: string; key: string; value: string };
  model_versions: { name: string; version: number; run_id: string; source: string; created_at: number };
  model_aliases: { name: string; alias: string; version: number };
}

/** Which model serves: one row (`slot` = "default"), the only truth of it. */
export interface ServingModelTable {
  slot: string;
  model_version: string;
  /** Key of the binary snapshot in the object store. */
  snapshot_key: string;
  /** JSON: what the model was trained on and how it scored. */
  details: string;
  promoted_at: number;
  /** Rises by one with each change; a change names the revision it replaces. */
  revision: Generated<number>;
}

export interface ServingModel {
  readonly modelVersion: string;
  readonly snapshotKey: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly promotedAt: number;
  readonly revision: number;
}

/**
 * SQL through one query builder, on SQLite or PostgreSQL. A server that is away fails calls with `metadata_unavailable`; once it is back,
 * calls succeed again.
 *
 * Guarantees (the conformance suite has a test of the same name for each):
 * - migrations_run_once: opening runs the missing ones in order, also when two open at once
 * - newer_databases_are_refused: with `metadata_newer`
 * - commits_are_durable: a resolved write survives a crash of the process
 * - transactions_are_atomic: all of a transaction or nothing
 * - transactions_wait_for_each_other: two that write at once both succeed, one after the other, also where they read first
 * - numbers_are_numbers: a column of numbers comes back as a JavaScript number, up to 2^53 - 1 and with all digits of a double
 * - promote_is_compare_and_set: of two promotions that expect the same revision one fails with `metadata_conflict`
 */
export interface Metadata extends AsyncDisposable {
  /** Where it is, without a password. */
  readonly url: string;
  readonly db: Kysely<Database>;
  servingModel(): Promise<ServingModel | undefined>;
  /** Publishes a model; `expectedRevision` is the revision read before, 0 for none. */
  promoteModel(model: Omit<ServingModel, "revision" | "promotedAt">, expectedRevision: number): Promise<ServingModel>;
}
