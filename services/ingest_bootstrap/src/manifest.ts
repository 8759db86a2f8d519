import { CinelakeError, findError } from "@cinelake/contracts";
import type { ObjectStore } from "@cinelake/object_store";
import { z } from "zod";

const md5 = z.string().regex(/^[0-9a-f]{32}$/);
const count = z.int().nonnegative();

const manifestSchema = z.object({
  format_version: z.literal(1),
  dataset_name: z.string().min(1),
  /** MD5 over the CSV files' MD5s: equal versions hold equal data, whatever archive they came in. */
  dataset_version: md5,
  source_url: z.string(),
  /** MD5 of the archive; of a folder or generated data, `dataset_version`. */
  source_md5: md5,
  /** Rows of the Bronze tables that carry this id are the data set. */
  ingestion_id: z.string().min(1),
  ingestion_ts: z.iso.datetime(),
  ingestion_date: z.iso.date(),
  run: z.int().positive(),
  files: z.array(z.object({ name: z.string(), size: count, rows: count.nullable(), md5 })),
  tables: z.array(z.object({ name: z.string(), version: count, rows: count })),
});

/** What a data set's `_manifest.json` says; it is written last, so what it names is there. */
export type Manifest = z.infer<typeof manifestSchema>;

const pendingSchema = z.object({
  dataset_version: md5,
  ingestion_id: z.string(),
  ingestion_ts: z.iso.datetime(),
  run: z.int().positive(),
  /** The run cannot be finished; the next one takes a new number. */
  abandoned: z.boolean(),
});

/** The intention to ingest, written before the first table, so that a run that was killed is finished as the same run. */
export type Pending = z.infer<typeof pendingSchema>;

const ROOT = "bronze/movielens/";
const MANIFEST = "_manifest.json";
const PENDING = "_pending.json";

/** Key of a file of a data set in the lake. */
export const fileKey = (dataset: string, file: string): string => `${ROOT}${dataset}/${file}`;

/** The data set's manifest, undefined if it has not been ingested; `dataset_invalid` if it cannot be read. */
export function readManifest(store: ObjectStore, dataset: string): Promise<Manifest | undefined> {
  return readJson(store, fileKey(dataset, MANIFEST), manifestSchema);
}

/** The manifest with the newest `ingestion_ts` of all data sets; undefined if there is none. */
export async function currentManifest(store: ObjectStore): Promise<Manifest | undefined> {
  let newest: Manifest | undefined;
  for await (const { key } of store.list(ROOT)) {
    const [dataset, file, ...deeper] = key.slice(ROOT.length).split("/");
    if (dataset === undefined || file !== MANIFEST || deeper.length > 0) continue;
    const manifest = await readManifest(store, dataset);
    if (manifest && (!newest || Date.parse(manifest.ingestion_ts) > Date.parse(newest.ingestion_ts))) newest = manifest;
  }
  return newest;
}

export async function putManifest(store: ObjectStore, manifest: Manifest): Promise<void> {
  await putJson(store, fileKey(manifest.dataset_name, MANIFEST), manifestSchema.parse(manifest));
}

export function readPending(store: ObjectStore, dataset: string): Promise<Pending | undefined> {
  return readJson(store, fileKey(dataset, PENDING), pendingSchema);
}

export async function putPending(store: ObjectStore, dataset: string, pending: Pending): Promise<void> {
  await putJson(store, fileKey(dataset, PENDING), pending);
}

export async function deletePending(store: ObjectStore, dataset: string): Promise<void> {
  await store.delete(fileKey(dataset, PENDING));
}

/** Removes files of earlier ingestions that the manifest does not name. */
export async function deleteUnnamedFiles(store: ObjectStore, manifest: Manifest): Promise<void> {
  const folder = fileKey(manifest.dataset_name, "");
  for await (const { key } of store.list(folder)) {
    const name = key.slice(folder.length);
    if (!name.startsWith("_") && !manifest.files.some((file) => file.name === name)) await store.delete(key);
  }
}

async function putJson(store: ObjectStore, key: string, value: unknown): Promise<void> {
  await store.put(key, Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`));
}

async function readJson<T>(store: ObjectStore, key: string, schema: z.ZodType<T>): Promise<T | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await store.get(key);
  } catch (error) {
    if (findError(error, "object_not_found")) return undefined;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error).replaceAll(/\s+/g, " ") : String(error);
    throw new CinelakeError(
      "dataset_invalid",
      `${key} in the lake cannot be read: ${reason}. Delete it and run the bootstrap again.`,
      {
        cause: error,
      },
    );
  }
}
