import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { CinelakeError } from "@cinelake/contracts";
import { Kysely } from "kysely";
import type { Database } from "./metadata.ts";
import { nodeSqliteDialect, waitForLock } from "./sqlite_dialect.ts";

const BUSY_TIMEOUT_MS = 10_000;

/** Opens (or makes, with its folder) the SQLite database at `location`: a path or `:memory:`. `destroy()` closes it. */
export async function openSqlite(location: string): Promise<Kysely<Database>> {
  const path = location === ":memory:" ? location : resolve(location);
  try {
    if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
    const database = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: 0 });
    try {
      await waitForLock(() => database.exec("PRAGMA journal_mode = WAL"), BUSY_TIMEOUT_MS);
      // FULL: in WAL mode a commit is on the disk when it returns; NORMAL would lose the last ones with the machine's power.
      database.exec("PRAGMA synchronous = FULL");
      return new Kysely<Database>({ dialect: nodeSqliteDialect(database, { busyTimeoutMs: BUSY_TIMEOUT_MS }) });
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CinelakeError(
      "config_invalid",
      `Cannot open the metadata database ${path}: ${reason}. METADATA_URL must name a SQLite file in a folder that can be written.`,
      { cause: error, details: { path } },
    );
  }
}
