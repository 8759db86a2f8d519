import { CinelakeError } from "@cinelake/contracts";
import type { Kysely } from "kysely";
import type { Database, Metadata } from "./metadata.ts";
import { migrate } from "./migrate.ts";
import { MIGRATIONS } from "./migrations/index.ts";
import { promoteModel, readServingModel } from "./serving_model.ts";

/**
 * Opens the metadata database of `url` and brings its tables up to date. `sqlite:<path>`, a plain path, or
 * `sqlite::memory:` for one that lives as long as the handle. The caller disposes it.
 */
export async function openMetadata(url: string, options: { now?: () => number } = {}): Promise<Metadata> {
  const now = options.now ?? Date.now;
  const db = await openDatabase(url);
  try {
    await migrate(db, MIGRATIONS, url);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return {
    url,
    db,
    servingModel: () => readServingModel(db),
    promoteModel: (model, expectedRevision) => promoteModel(db, model, expectedRevision, now()),
    [Symbol.asyncDispose]: () => db.destroy(),
  };
}

/** A scheme has at least two letters: `C:\data` is a path. */
async function openDatabase(url: string): Promise<Kysely<Database>> {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1]?.toLowerCase();
  if (url !== "" && (scheme === undefined || scheme === "sqlite")) {
    const { openSqlite } = await import("./sqlite.ts");
    return openSqlite(url.replace(/^sqlite:(\/\/)?/i, ""));
  }
  throw new CinelakeError(
    "config_invalid",
    `METADATA_URL ${JSON.stringify(url.replace(/\/\/[^@/]*@/, "//***@"))} is not supported: use sqlite:<path> or a file's path.`,
  );
}
