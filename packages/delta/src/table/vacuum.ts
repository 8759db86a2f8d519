import { CinelakeError, findError } from "@cinelake/contracts/errors";
import type { ObjectInfo } from "@cinelake/object_store";
import type { TableContext, VacuumOptions, VacuumResult } from "../api.ts";
import { parallel } from "../data/parallel.ts";
import { removedFileRetention } from "../log/retention.ts";
import { loadWithTombstones, type LoadedState } from "../log/load.ts";
import { checkReadable, checkWriterVersion } from "../log/protocol.ts";
import { mappingMode, physicalName } from "../schema/column_mapping.ts";
import { fieldOf } from "../schema/types.ts";
import { nowOf } from "./context.ts";
import { innerTables } from "./inner_tables.ts";
import { keysOfFile } from "./vacuum_keys.ts";
import { commitChange } from "./write.ts";

const hour = 3_600_000;

export interface Vacuumed extends VacuumResult {
  /** Of the commit that records it. */
  readonly version: number;
  readonly committed: boolean;
}

/**
 * Deletes the files of the table's folder that are older than the retention and that neither the latest version nor a file removed within
 * the retention needs. A crash leaves nothing to repair: the next run deletes the rest. Tables
 * inside of the folder are left alone. Recorded in the log if anything was deleted, so that
 * a vacuum by the clock does not make the log grow.
 */
export async function vacuum(context: TableContext, options: VacuumOptions): Promise<Vacuumed> {
  // Listed before the log is read: what a commit in between brings back is then seen to be in use.
  const listed = await Array.fromAsync(context.store.list(`${context.path}/`));
  const loaded = await loadLatest(context);
  checkReadable(context.path, loaded.state);
  checkWriterVersion(context.path, loaded.state.protocol);
  const retention = retentionOf(context, loaded, options);
  const unneeded = unneededFiles(context, loaded, listed, nowOf(context) - retention);
  const result = {
    dryRun: options.dryRun === true,
    deletedFiles: unneeded.map(({ path }) => path),
    deletedBytes: unneeded.reduce((sum, { size }) => sum + size, 0),
  };
  if (result.dryRun || unneeded.length === 0) {
    return { ...result, version: loaded.state.version, committed: false };
  }
  await parallel(unneeded, ({ path }) => context.store.delete(`${context.path}/${path}`));
  return { ...result, ...(await record(context, result, retention, foldersOf(context, listed))) };
}

interface Unneeded {
  /** From the table's folder. */
  readonly path: string;
  readonly size: number;
}

/** Which of the listed files can go: pure. `cutoff` is where the retention begins, milliseconds since the epoch. */
export function unneededFiles(
  context: TableContext,
  { state, tombstones }: LoadedState,
  listed: readonly ObjectInfo[],
  cutoff: number,
): Unneeded[] {
  const needed = new Set<string>();
  const keep = (file: Parameters<typeof keysOfFile>[1]): void => {
    for (const key of keysOfFile(context, file)) needed.add(key);
  };
  for (const file of state.files.values()) keep(file);
  for (const file of tombstones.values()) if ((file.deletionTimestamp ?? 0) >= cutoff) keep(file);
  const mode = mappingMode(state.metadata.configuration);
  const folders = state.metadata.partitionColumns.map((name) => `${physicalName(fieldOf(state.schema, name), mode)}=`);
  const pathOf = ({ key }: ObjectInfo): string => key.slice(context.path.length + 1);
  const isInner = innerTables(listed.map(pathOf));
  return listed.flatMap((file) => {
    const { key, size, lastModified } = file;
    const path = pathOf(file);
    const isOthers = isHidden(path, folders) || isInner(path);
    const isUnneeded = lastModified < cutoff && !needed.has(key) && !isOthers;
    return isUnneeded ? [{ path, size }] : [];
  });
}

/** Whether a path passes through a name that starts with `_` or `.`: such files are others' business, but for change data and partitions. */
function isHidden(path: string, partitionFolders: readonly string[]): boolean {
  return path.split("/").some((name, depth) => {
    if (!/^[._]/.test(name) || (depth === 0 && name === "_change_data")) return false;
    return !partitionFolders.some((folder) => decoded(name).startsWith(folder));
  });
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function retentionOf(context: TableContext, { state }: LoadedState, options: VacuumOptions): number {
  const own = removedFileRetention(state.metadata.configuration);
  const asked = options.retentionHours === undefined ? own : options.retentionHours * hour;
  if (!(asked >= 0)) {
    throw new CinelakeError("invalid_argument", `The retention of ${options.retentionHours} hours is not 0 or more.`);
  }
  if (asked >= own || options.force) return asked;
  throw new CinelakeError(
    "invalid_argument",
    `A retention of ${options.retentionHours} hours is below the ${own / hour} of ${context.path}: running writers and readers of old versions may lose files. Force it if there are none.`,
    { details: { table: context.path } },
  );
}

async function loadLatest(context: TableContext): Promise<LoadedState> {
  const loaded = await loadWithTombstones(context);
  if (loaded) return loaded;
  throw new CinelakeError("delta_table_not_found", `There is no table at ${context.path} in ${context.store.url}.`);
}

function foldersOf(context: TableContext, listed: readonly ObjectInfo[]): number {
  return new Set(listed.map(({ key }) => key.slice(context.path.length, key.lastIndexOf("/")))).size;
}

/** Nothing can stand against a commit that only tells of a vacuum: a change of the description in between is no reason to leave it out. */
async function record(
  context: TableContext,
  { deletedFiles, deletedBytes }: VacuumResult,
  retention: number,
  folders: number,
): Promise<{ version: number; committed: boolean }> {
  const change = {
    operation: "VACUUM END",
    parameters: { status: "COMPLETED", specifiedRetentionMillis: String(retention) },
    metrics: () => ({
      numDeletedFiles: deletedFiles.length,
      numVacuumedDirectories: folders,
      sizeOfDataDeleted: deletedBytes,
    }),
    rows: [],
    removes: [],
    dataChange: false,
    isBlindAppend: true,
    reads: () => false,
    readFiles: [],
  };
  for (;;) {
    const { state } = await loadLatest(context);
    try {
      const { version, committed } = await commitChange(
        context,
        state,
        { ...change, next: state },
        { allowEmpty: true },
      );
      return { version, committed };
    } catch (error) {
      if (!findError(error, "delta_conflict")) throw error;
    }
  }
}
