import { CinelakeError, findError } from "@cinelake/contracts";
import type { Kysely } from "kysely";
import { Migrator, type Migration } from "kysely/migration";
import type { Database } from "./metadata.ts";

/**
 * Brings the database to the latest of `migrations`, all missing ones or none; waits for another process that does the same.
 * A database that holds migrations this version does not know is left as it is and refused with `metadata_newer`.
 */
export async function migrate(
  db: Kysely<Database>,
  migrations: Readonly<Record<string, Migration>>,
  address: string,
): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
  const { error } = await migrator.migrateToLatest().catch((thrown: unknown) => ({ error: thrown }));
  if (error === undefined) return;
  if (findError(error)) throw error;
  const unknown = await unknownMigrations(db, migrations);
  if (unknown.length > 0) {
    throw new CinelakeError(
      "metadata_newer",
      `The metadata database ${address} holds ${unknown.join(", ")}, which this version does not know: run the version that wrote it, or a later one.`,
      { cause: error, details: { unknown } },
    );
  }
  throw error;
}

async function unknownMigrations(
  db: Kysely<Database>,
  migrations: Readonly<Record<string, Migration>>,
): Promise<string[]> {
  const rows = await db
    .withTables<{ kysely_migration: { name: string } }>()
    .selectFrom("kysely_migration")
    .select("name")
    .execute()
    .catch(() => []);
  return rows.map((row) => row.name).filter((name) => !(name in migrations));
}
