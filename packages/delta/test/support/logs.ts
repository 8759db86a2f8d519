import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ObjectInfo, ObjectStore } from "@cinelake/object_store";
import type { Action, AddFile } from "../../src/log/actions.ts";
import type { Lake } from "./tables.ts";

const LOG = "lake/t/_delta_log";

const SCHEMA = '{"type":"struct","fields":[{"name":"id","type":"long","nullable":true,"metadata":{}}]}';
export const PROTOCOL: Action = { protocol: { minReaderVersion: 1, minWriterVersion: 2 } };

export function metaData(configuration: Readonly<Record<string, string>> = {}, schemaString = SCHEMA): Action {
  const format = { provider: "parquet", options: {} };
  return { metaData: { id: "m", format, schemaString, partitionColumns: [], configuration } };
}

export function add(path: string, more: Partial<AddFile> = {}): Action {
  return { add: { path, partitionValues: {}, size: 1, modificationTime: 1, dataChange: true, ...more } };
}

export function remove(path: string, deletionTimestamp = Date.now()): Action {
  return { remove: { path, deletionTimestamp, dataChange: true } };
}

/** `n` as a version is spelt in the log's file names. */
export function padded(version: number): string {
  return String(version).padStart(20, "0");
}

export function logKey(name: string): string {
  return `${LOG}/${name}`;
}

export function lines(actions: readonly object[]): Uint8Array {
  return new TextEncoder().encode(actions.map((action) => `${JSON.stringify(action)}\n`).join(""));
}

/** Puts a file of JSON lines into the log. */
export async function putLines(lake: Lake, name: string, actions: readonly object[]): Promise<void> {
  await lake.store.put(logKey(name), lines(actions));
}

/** A log of commits, version by version. */
export async function putCommits(lake: Lake, commits: readonly (readonly Action[])[]): Promise<void> {
  for (const [version, actions] of commits.entries()) await putLines(lake, `${padded(version)}.json`, actions);
}

/** A text as a URI has no need of the columns it is given as: what each action's struct looks like in Parquet. */
const COLUMNS: Readonly<Record<string, string>> = {
  txn: "STRUCT(appId VARCHAR, version BIGINT, lastUpdated BIGINT)",
  protocol:
    "STRUCT(minReaderVersion INTEGER, minWriterVersion INTEGER, readerFeatures VARCHAR[], writerFeatures VARCHAR[])",
  metaData:
    "STRUCT(id VARCHAR, format STRUCT(provider VARCHAR, options MAP(VARCHAR, VARCHAR)), schemaString VARCHAR, partitionColumns VARCHAR[], configuration MAP(VARCHAR, VARCHAR))",
  domainMetadata: "STRUCT(domain VARCHAR, configuration VARCHAR, removed BOOLEAN)",
  add: 'STRUCT(path VARCHAR, partitionValues MAP(VARCHAR, VARCHAR), size BIGINT, modificationTime BIGINT, dataChange BOOLEAN, stats VARCHAR, tags MAP(VARCHAR, VARCHAR), deletionVector STRUCT(storageType VARCHAR, pathOrInlineDv VARCHAR, "offset" INTEGER, sizeInBytes INTEGER, cardinality BIGINT))',
  remove:
    'STRUCT(path VARCHAR, deletionTimestamp BIGINT, dataChange BOOLEAN, deletionVector STRUCT(storageType VARCHAR, pathOrInlineDv VARCHAR, "offset" INTEGER, sizeInBytes INTEGER, cardinality BIGINT))',
  checkpointMetadata: "STRUCT(version BIGINT)",
  sidecar: "STRUCT(path VARCHAR, sizeInBytes BIGINT, modificationTime BIGINT)",
};

/** Puts a Parquet file of actions into the log, with columns for the actions named. */
export async function putParquet(
  lake: Lake,
  name: string,
  actions: readonly Action[],
  columns: readonly string[] = Object.keys(COLUMNS),
): Promise<void> {
  await using staging = await lake.store.stagingDirectory();
  const [json, parquet] = [join(staging.path, "a.json"), join(staging.path, "a.parquet")];
  await writeFile(json, lines(actions));
  const types = columns.map((column) => `"${column}": '${COLUMNS[column]!}'`).join(", ");
  await lake.engine.run(
    `COPY (SELECT * FROM read_json('${json}', format = 'newline_delimited', columns = {${types}})) TO '${parquet}' (FORMAT parquet)`,
  );
  await lake.store.putFile(logKey(name), parquet);
}

/** Puts a query's result into the log as Parquet. */
export async function putQuery(lake: Lake, name: string, sql: string): Promise<void> {
  await using staging = await lake.store.stagingDirectory();
  const parquet = join(staging.path, "a.parquet");
  await lake.engine.run(`COPY (${sql}) TO '${parquet}' (FORMAT parquet)`);
  await lake.store.putFile(logKey(name), parquet);
}

/** The store with another method in place of its own. */
export function replacing<K extends keyof ObjectStore>(
  store: ObjectStore,
  name: K,
  method: ObjectStore[K],
): ObjectStore {
  return new Proxy(store, {
    get(target, property) {
      if (property === name) return method;
      const value: unknown = Reflect.get(target, property);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** The store, whose files bear these times where they are not undefined; by their name in the log. */
export function withTimes(store: ObjectStore, timeOf: (name: string) => number | undefined): ObjectStore {
  return replacing(
    store,
    "list",
    async function* (...args: Parameters<ObjectStore["list"]>): AsyncGenerator<ObjectInfo> {
      for await (const info of store.list(...args)) {
        yield { ...info, lastModified: timeOf(info.key.slice(LOG.length + 1)) ?? info.lastModified };
      }
    },
  );
}

/** The version that a name in the log begins with. */
export function versionOf(name: string): number | undefined {
  return /^\d{20}/.test(name) ? Number(name.slice(0, 20)) : undefined;
}
