import { Kysely } from "kysely";
import type { Database } from "./metadata.ts";
import type { OpenDatabase } from "./open.ts";
import { postgresDialect, SerialPostgresDialect } from "./postgres_dialect.ts";
import { patient, postgresSettings } from "./postgres_url.ts";

/** A migration, and the wait for another process's, may take so long. */
const MIGRATION_MS = 300_000;

/** The PostgreSQL database of a URL; it is not connected to before the first query. `destroy()` closes its connections. */
export function openPostgres(url: string): OpenDatabase {
  const settings = postgresSettings(url);
  return {
    address: settings.address,
    db: new Kysely<Database>({ dialect: new SerialPostgresDialect(settings) }),
    async migrating(work) {
      const db = new Kysely<Database>({ dialect: postgresDialect(patient(settings, MIGRATION_MS)) });
      try {
        await work(db);
      } finally {
        await db.destroy();
      }
    },
  };
}
