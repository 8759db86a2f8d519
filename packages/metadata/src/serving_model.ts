import { CinelakeError } from "@cinelake/contracts";
import type { Kysely, Selectable } from "kysely";
import type { Database, ServingModel, ServingModelTable } from "./metadata.ts";

const SLOT = "default";

export async function readServingModel(db: Kysely<Database>): Promise<ServingModel | undefined> {
  const row = await db.selectFrom("serving_model").selectAll().where("slot", "=", SLOT).executeTakeFirst();
  return row && toServingModel(row);
}

/** One statement either way, so that of two callers with the same expectation one changes a row and the other none. */
export async function promoteModel(
  db: Kysely<Database>,
  model: Omit<ServingModel, "revision" | "promotedAt">,
  expectedRevision: number,
  now: number,
): Promise<ServingModel> {
  const values = {
    model_version: model.modelVersion,
    snapshot_key: model.snapshotKey,
    details: JSON.stringify(model.details),
    promoted_at: now,
    revision: expectedRevision + 1,
  };
  const row =
    expectedRevision === 0
      ? await db
          .insertInto("serving_model")
          .values({ slot: SLOT, ...values })
          .onConflict((conflict) => conflict.column("slot").doNothing())
          .returningAll()
          .executeTakeFirst()
      : await db
          .updateTable("serving_model")
          .set(values)
          .where("slot", "=", SLOT)
          .where("revision", "=", expectedRevision)
          .returningAll()
          .executeTakeFirst();
  if (row) return toServingModel(row);
  const current = await readServingModel(db);
  throw new CinelakeError(
    "metadata_conflict",
    `Model ${model.modelVersion} was not promoted: the serving model is at revision ${current?.revision ?? 0}, not ${expectedRevision}. Read it again and decide anew.`,
    { details: { expected_revision: expectedRevision, revision: current?.revision ?? 0 } },
  );
}

function toServingModel(row: Selectable<ServingModelTable>): ServingModel {
  return {
    modelVersion: row.model_version,
    snapshotKey: row.snapshot_key,
    details: JSON.parse(row.details) as Record<string, unknown>,
    promotedAt: Number(row.promoted_at),
    revision: Number(row.revision),
  };
}
