import { join } from "node:path";
import { TABLES, tablePath } from "@cinelake/contracts";
import { openSqlEngine, openTable, type SqlEngine } from "@cinelake/delta";
import { openObjectStore, type ObjectStore } from "@cinelake/object_store";
import { temporaryDirectory } from "@cinelake/testkit";
import { writeFile } from "node:fs/promises";
import { BRONZE_FILES } from "../src/file_facts.ts";
import type { BootstrapOptions, BootstrapPorts } from "../src/service.ts";

export interface Lake extends AsyncDisposable {
  readonly path: string;
  readonly store: ObjectStore;
  readonly engine: SqlEngine;
  readonly ports: BootstrapPorts;
  /** Writes a source file beside the lake and gives its path. */
  source(name: string, bytes: Buffer): Promise<string>;
}

/** An empty lake, in a folder of its own or at `url`. */
export async function emptyLake(engine: SqlEngine, url?: string): Promise<Lake> {
  const directory = await temporaryDirectory();
  const store = await openObjectStore(url ?? join(directory.path, "lakehouse"));
  let time = Date.UTC(2026, 0, 2, 23, 59, 58);
  return {
    path: directory.path,
    store,
    engine,
    ports: { store, engine, downloads: join(directory.path, "downloads"), now: () => (time += 1000) },
    source: async (name, bytes) => {
      await writeFile(join(directory.path, name), bytes);
      return join(directory.path, name);
    },
    [Symbol.asyncDispose]: async () => {
      await store[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

export const openEngine = (): Promise<SqlEngine> => openSqlEngine({ threads: 1, memoryLimit: "512MB" });

/** Objects of the lake whose keys begin so. */
export async function keys(store: ObjectStore, prefix = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list(prefix)) found.push(key);
  return found;
}

/** Rows of an ingestion in the Bronze tables of these files, ordered, without the ingestion's time. */
export async function bronzeRows(
  { store, engine }: Lake,
  ingestionId: string,
  files: readonly string[] = BRONZE_FILES.map(({ file }) => file),
): Promise<Record<string, unknown[]>> {
  const result: Record<string, unknown[]> = {};
  for (const { file, spec } of BRONZE_FILES) {
    if (!files.includes(file)) continue;
    const table = await openTable({ store, engine, path: tablePath(spec) });
    await using scan = await (await table.snapshot()).scan();
    result[file] = await engine.rows(
      `SELECT * EXCLUDE (ingestion_ts, ingestion_date) FROM ${scan.sql} WHERE ingestion_id = ? ORDER BY row_number`,
      [ingestionId],
    );
  }
  return result;
}

/** Version of each Bronze table. */
export async function versions({ store, engine }: Lake): Promise<number[]> {
  return Promise.all(
    BRONZE_FILES.map(
      async ({ spec }) => (await (await openTable({ store, engine, path: tablePath(spec) })).snapshot()).version,
    ),
  );
}

export const ratingsPath = tablePath(TABLES.bronze_movielens_ratings_raw);

/** Options for a local source. */
export const local = (source: string, more: Partial<BootstrapOptions> = {}): BootstrapOptions => ({
  dataset: "small",
  source,
  ...more,
});
