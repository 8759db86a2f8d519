import { join } from "node:path";
import { CinelakeError } from "@cinelake/contracts";
import type { LakePorts } from "@cinelake/lake";
import type { ObjectStore } from "@cinelake/object_store";
import { appendFile, ingestedRows, lastRun, type BronzeTable } from "./bronze_tables.ts";
import { factsOf, type FileFacts } from "./file_facts.ts";
import {
  deletePending,
  deleteUnnamedFiles,
  fileKey,
  putManifest,
  putPending,
  readManifest,
  type Manifest,
  type Pending,
} from "./manifest.ts";
import type { Ingestion } from "./plan.ts";
import { stepCounter, type Progress } from "./progress.ts";

/** Checked files in a folder that will be moved away, and what to call their rows. */
export interface IngestInput {
  readonly folder: string;
  readonly facts: readonly FileFacts[];
  readonly ingestion: Ingestion;
  /** See `Manifest.dataset_version`. */
  readonly version: string;
  readonly sourceUrl: string;
  readonly sourceMd5: string;
  readonly progress: Progress;
  readonly signal: AbortSignal | undefined;
}

/**
 * Intention, tables, files, manifest, in that order: whatever step it stops at, the manifest in the lake names an ingestion that is
 * complete, and a second call with the same ingestion does only what is missing. A failure of a first ingestion takes its files away again.
 */
export async function ingest(ports: LakePorts, tables: readonly BronzeTable[], input: IngestInput): Promise<Manifest> {
  const { store } = ports;
  const { dataset } = input.ingestion;
  const pending = pendingOf(input);
  await putPending(store, dataset, pending);
  let manifest: Manifest;
  try {
    const written = await appendAll(ports, tables, input, pending);
    for (const { name } of input.facts) {
      input.signal?.throwIfAborted();
      await store.putFile(fileKey(dataset, name), join(input.folder, name));
    }
    manifest = manifestOf(input, written);
    await putManifest(store, manifest);
  } catch (error) {
    await discard(store, tables, input).catch(() => undefined);
    throw error;
  }
  await tidy(store, manifest);
  return manifest;
}

/** What follows a manifest: removes files of earlier ingestions, then the intention. */
export async function tidy(store: ObjectStore, manifest: Manifest): Promise<void> {
  await deleteUnnamedFiles(store, manifest);
  await deletePending(store, manifest.dataset_name);
}

async function appendAll(
  { store, engine }: LakePorts,
  tables: readonly BronzeTable[],
  { folder, facts, ingestion, progress, signal }: IngestInput,
  pending: Pending,
): Promise<Manifest["tables"]> {
  const written: Manifest["tables"] = [];
  for (const bronze of tables) {
    signal?.throwIfAborted();
    const { name } = bronze.spec;
    const { rows = 0 } = factsOf(facts, bronze.file);
    const count = stepCounter(progress, name, "rows");
    count(0, rows);
    await appendFile(bronze, folder, facts, ingestion);
    const found = await ingestedRows(engine, bronze.table, ingestion);
    if (found.rows !== rows || !found.numbered) {
      await putPending(store, ingestion.dataset, { ...pending, abandoned: true });
      throw new CinelakeError(
        "dataset_invalid",
        `${name} holds ${found.rows} rows of ${ingestion.ingestionId}, ${bronze.file} has ${rows}. Run the bootstrap again: it begins a new ingestion.`,
        { details: { table: name, rows: found.rows, expected: rows } },
      );
    }
    count(rows, rows);
    written.push({ name, version: found.version, rows });
  }
  return written;
}

/** Without any manifest, files in the lake would belong to nothing; the intention stays only if a table has taken the run. */
async function discard(
  store: ObjectStore,
  tables: readonly BronzeTable[],
  { facts, ingestion }: IngestInput,
): Promise<void> {
  const { dataset, run } = ingestion;
  if (await readManifest(store, dataset)) return;
  for (const { name } of facts) await store.delete(fileKey(dataset, name));
  if ((await lastRun(tables, dataset)) < run) await deletePending(store, dataset);
}

function pendingOf({ ingestion, version }: IngestInput): Pending {
  return {
    dataset_version: version,
    ingestion_id: ingestion.ingestionId,
    ingestion_ts: ingestion.ingestionTs,
    run: ingestion.run,
    abandoned: false,
  };
}

function manifestOf(
  { ingestion, version, sourceUrl, sourceMd5, facts }: IngestInput,
  tables: Manifest["tables"],
): Manifest {
  return {
    format_version: 1,
    dataset_name: ingestion.dataset,
    dataset_version: version,
    source_url: sourceUrl,
    source_md5: sourceMd5,
    ingestion_id: ingestion.ingestionId,
    ingestion_ts: ingestion.ingestionTs,
    ingestion_date: ingestion.ingestionDate,
    run: ingestion.run,
    files: facts.map(({ name, size, md5, rows }) => ({ name, size, rows: rows ?? null, md5 })),
    tables,
  };
}
