import { join } from "node:path";
import { CinelakeError } from "@cinelake/contracts";
import type { LakePorts } from "@cinelake/lake";
import { lastRun, openBronzeTables, requireReadable } from "./bronze_tables.ts";
import { namingFullDisk } from "./disk.ts";
import { contentMd5, folderFacts } from "./file_facts.ts";
import { ingest, tidy } from "./ingest.ts";
import { readManifest, readPending, type Manifest } from "./manifest.ts";
import { decide, openRun, type Past } from "./plan.ts";
import { stepCounter, type Progress } from "./progress.ts";
import { archiveMd5, fetchFiles, findSource, type FetchOptions, type Source, type SourceOptions } from "./source.ts";

export interface BootstrapPorts extends LakePorts {
  /** Folder of this machine where downloads are kept, `<data dir>/downloads`. */
  readonly downloads: string;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export interface BootstrapOptions extends SourceOptions, Pick<FetchOptions, "limits" | "signal" | "transport"> {
  /** Ingest again, as a new run, what is there already. */
  readonly force?: boolean;
}

export interface Report {
  readonly status: "ingested" | "unchanged";
  /** An interrupted run was finished. */
  readonly resumed: boolean;
  readonly manifest: Manifest;
}

/**
 * Brings a data set into the lake: files to `bronze/movielens/<dataset>/`, rows to the four Bronze tables, the manifest last. What the lake
 * holds is left alone if its content is equal; a source with other content replaces it (Bronze keeps the rows, the manifest names the new
 * ones). A run that was killed is finished by the next one with the same source, each table appended to exactly once.
 * Fails with a CinelakeError: `network_unavailable`, `download_failed`, `checksum_mismatch`, `archive_invalid`, `dataset_invalid`,
 * `disk_full`, `invalid_argument`, `aborted`.
 */
export async function bootstrap(
  ports: BootstrapPorts,
  options: BootstrapOptions,
  progress: Progress = () => {},
): Promise<Report> {
  const { signal } = options;
  try {
    return await namingFullDisk(`data set ${options.dataset}`, () => run(ports, options, progress));
  } catch (error) {
    if (!signal?.aborted || error instanceof CinelakeError) throw error;
    throw new CinelakeError("aborted", `The bootstrap of ${options.dataset} was stopped.`, { cause: error });
  }
}

async function run(ports: BootstrapPorts, options: BootstrapOptions, progress: Progress): Promise<Report> {
  const { store } = ports;
  const { dataset, signal, force = false } = options;
  const source = await findSource(options);
  const past: Past = { manifest: await readManifest(store, dataset), pending: await readPending(store, dataset) };
  if (past.manifest && !force && !openRun(past) && (await isKnown(past.manifest, source, options))) {
    if (past.pending) await tidy(store, past.manifest);
    return { status: "unchanged", resumed: false, manifest: past.manifest };
  }
  await using staging = await store.stagingDirectory();
  const folder = join(staging.path, "files");
  const fetched = await fetchFiles(source, folder, {
    ...options,
    downloads: ports.downloads,
    progress,
    revalidate: force,
  });
  const facts = await folderFacts(folder, fetched.names, { progress: stepCounter(progress, "check", "bytes"), signal });
  await requireReadable(ports.engine, folder, facts);
  const version = contentMd5(facts);
  const tables = await openBronzeTables(ports);
  const now = (ports.now ?? Date.now)();
  const decision = decide(dataset, version, past, { force, now, lastRun: await lastRun(tables, dataset) });
  if (decision.kind === "unchanged") return { status: "unchanged", resumed: false, manifest: decision.manifest };

  const { ingestion, resumed } = decision;
  const manifest = await ingest(ports, tables, {
    folder,
    facts,
    ingestion,
    version,
    sourceUrl: source.url,
    sourceMd5: fetched.archiveMd5 ?? version,
    progress,
    signal,
  });
  return { status: "ingested", resumed, manifest };
}

/** Whether the source is the one that the lake holds, as far as that can be told without fetching anything. */
async function isKnown(manifest: Manifest, source: Source, options: BootstrapOptions): Promise<boolean> {
  const asked = options.source !== undefined || options.synthetic !== undefined;
  if (!asked) return true;
  if (source.kind === "folder") return false;
  if (source.kind === "archive") return manifest.source_md5 === (await archiveMd5(source));
  return manifest.source_url === source.url;
}
