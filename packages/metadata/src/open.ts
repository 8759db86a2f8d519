import { CinelakeError } from "@cinelake/contracts";
import type { Kysely } from "kysely";
import type { Database, Metadata } from "./metadata.ts";
import { migrate } from "./migrate.ts";
import { MIGRATIONS } from "./migrations/index.ts";
import { promoteModel, readServingModel } from "./serving_model.ts";

/** A database before its migrations. */
export interface OpenDatabase {
  /** For messages: without a password. */
  readonly address: string;
  readonly db: Kysely<Database>;
  /** Runs `work` on a handle whose statements may take minutes. */
  migrating(work: (db: Kysely<Database>) => Promise<void>): Promise<void>;
}

/**
 * Opens the metadata database of `url` and brings its tables up to date. `sqlite:<path>`, a plain path, `sqlite::memory:` for one that
 * lives as long as the handle, or `postgres://user:password@host:port/database`. Fails with `config_invalid` for a URL that is none or is
 * refused, and with `metadata_unavailable` for a server that does not answer. The caller disposes it.
 */
export async function openMetadata(url: string, options: { now?: () => number } = {}): Promise<Metadata> {
  const now = options.now ?? Date.now;
  const { address, db, migrating } = await openDatabase(url);
  try {
    await migrating((handle) => migrate(handle, MIGRATIONS, address));
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return {
    url: address,
    db,
    servingModel: () => readServingModel(db),
    promoteModel: (model, expectedRevision) => promoteModel(db, model, expectedRevision, now()),
    [Symbol.asyncDispose]: () => db.destroy(),
  };
}

/** A scheme has at least two letters: `C:\data` is a path. */
async function openDatabase(url: string): Promise<OpenDatabase> {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1]?.toLowerCase();
  if (url !== "" && (scheme === undefined || scheme === "sqlite")) {
    const { openSqlite } = await import("./sqlite.ts");
    const db = await openSqlite(url.replace(/^sqlite:(\/\/)?/i, ""));
    return { address: url, db, migrating: (work) => work(db) };
  }
  if (scheme === "postgres" || scheme === "postgresql") return (await import("./postgres.ts")).openPostgres(url);
  throw new CinelakeError(
    "config_invalid",
    `METADATA_URL has ${scheme ? `the scheme ${scheme}:` : "no scheme"}, which is not supported: use sqlite:<path>, a file's path or postgres://user:password@host:port/database.`,
  );
}
