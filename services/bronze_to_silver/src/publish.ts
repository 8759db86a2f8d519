import { findError, tableSpec } from "@cinelake/contracts";
import type { CommitOptions, CommitResult, DeltaTable } from "@cinelake/delta";
import { findLakeTable, INPUT_PROPERTY, openLakeTable } from "@cinelake/lake";
import { STAGED_TABLES, type EtlPlan, type SilverTable } from "./plan.ts";
import type { EtlInput, EtlPorts } from "./ports.ts";
import { literal } from "./sql_text.ts";
import type { Staged } from "./stage.ts";
import { moviesSql, rejectsSql, usersSql } from "./target_sql.ts";

/** Commits that lost against another writer (the stream adds placeholders meanwhile) are made again this often. */
const ATTEMPTS = 8;

/** Fingerprint of what a table was made from; undefined if there is no such table or it was made otherwise. */
export async function inputOf(ports: EtlPorts, name: SilverTable): Promise<string | undefined> {
  const table = await findLakeTable(ports, name);
  return (await table?.snapshot())?.configuration[INPUT_PROPERTY];
}

/** Writes one Silver table from the staged rows in one commit that also carries the fingerprint. */
export async function publish(
  ports: EtlPorts,
  name: SilverTable,
  plan: EtlPlan,
  staged: Staged,
  input: EtlInput,
): Promise<CommitResult> {
  const table = await openLakeTable(ports, name);
  const options: CommitOptions = { configuration: { [INPUT_PROPERTY]: plan.fingerprint }, allowEmpty: true };
  for (let attempt = 1; ; attempt++) {
    try {
      return await commit(table, name, staged, input, options);
    } catch (error) {
      if (attempt === ATTEMPTS || !findError(error, "delta_conflict")) throw error;
      ports.logger?.warn({ table: name, attempt }, "another writer changed the table; trying again");
    }
  }
}

async function commit(
  table: DeltaTable,
  name: SilverTable,
  staged: Staged,
  input: EtlInput,
  options: CommitOptions,
): Promise<CommitResult> {
  switch (name) {
    case "silver_movies":
      // The catalogue beats a placeholder, a placeholder never beats the catalogue.
      return table.merge(
        { sql: moviesSql(staged.good) },
        { ...options, key: ["movie_id"], updateWhen: "NOT source.is_placeholder OR target.is_placeholder" },
      );
    case "silver_users":
      return table.merge({ sql: usersSql(staged.good) }, { ...options, key: ["user_id"] });
    case "silver_rejects":
      return overwriteRejects(table, staged, input, options);
    default:
      return table.overwrite({ sql: `SELECT * FROM ${staged.good[name]}` }, options);
  }
}

/** Rejects of other ingestions stay; those of this one are replaced. */
async function overwriteRejects(
  table: DeltaTable,
  staged: Staged,
  input: EtlInput,
  options: CommitOptions,
): Promise<CommitResult> {
  await using former = await (await table.snapshot()).scan();
  const run = { ingestionId: input.ingestionId, rejectedTs: new Date(input.now).toISOString() };
  const current = STAGED_TABLES.map((name) => rejectsSql(tableSpec(name), staged.judged[name], run));
  const kept = `SELECT * FROM ${former.sql} WHERE ingestion_id <> ${literal(input.ingestionId)}`;
  return await table.overwrite({ sql: [...current, kept].join("\nUNION ALL BY NAME ") }, options);
}
