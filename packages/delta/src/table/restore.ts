import { CinelakeError } from "@cinelake/contracts/errors";
import type { CommitResult, TableContext } from "../api.ts";
import { parallel } from "../data/parallel.ts";
import type { AddFile } from "../log/actions.ts";
import { isAppendOnly, protocolWith } from "../log/protocol.ts";
import type { TableState } from "../log/state.ts";
import { assignColumnMapping } from "../schema/assign_mapping.ts";
import { mappingMode, MAX_COLUMN_ID } from "../schema/column_mapping.ts";
import { evolve } from "./evolve.ts";
import { keysOfFile } from "./vacuum_keys.ts";
import { beginWrite, commitChange } from "./write.ts";

const MODE = "delta.columnMapping.mode";

/**
 * Properties that say how the log and the files are to be read: what later versions made of them stays, for files and commits of their
 * time are still there.
 */
const LASTING = [
  MODE,
  MAX_COLUMN_ID,
  "delta.enableInCommitTimestamps",
  "delta.inCommitTimestampEnablementVersion",
  "delta.inCommitTimestampEnablementTimestamp",
] as const;

/**
 * Commits the rows, the schema and the properties of `old` as a new version; the protocol keeps what it has gained. Refuses with
 * `object_not_found` a version whose files are gone. Nothing is committed if the table is as it was then.
 */
export async function restore(
  context: TableContext,
  state: TableState,
  old: TableState,
  parameters: Readonly<Record<string, string>>,
): Promise<CommitResult> {
  const next = restoredDescription(context, await beginWrite(context, state, {}), old);
  if (isAppendOnly(state.metadata)) {
    throw new CinelakeError(
      "invalid_argument",
      `The table ${context.path} is append only (delta.appendOnly): no earlier version can replace its rows.`,
    );
  }
  const adds = filesOnlyIn(old, state);
  const removes = filesOnlyIn(state, old);
  await checkFiles(context, old, adds);
  const change = {
    operation: "RESTORE",
    parameters,
    metrics: () => ({
      tableSizeAfterRestore: bytesOf(old.files.values()),
      numOfFilesAfterRestore: old.files.size,
      numRestoredFiles: adds.length,
      numRemovedFiles: removes.length,
      restoredFilesSize: bytesOf(adds),
      removedFilesSize: bytesOf(removes),
    }),
    next,
    rows: [],
    removes,
    adds,
    isBlindAppend: false,
    reads: () => true,
    readFiles: Array.from(state.files.values()),
  };
  return await commitChange(context, state, change, { allowEmpty: next !== state });
}

function filesOnlyIn(state: TableState, other: TableState): AddFile[] {
  return Array.from(state.files).flatMap(([key, file]) => (other.files.has(key) ? [] : [file]));
}

function restoredDescription(context: TableContext, state: TableState, old: TableState): TableState {
  const [now, then] = [state.metadata.configuration, old.metadata.configuration];
  const gone = Object.keys(now).map((name) => [name, undefined] as const);
  // Files of a time without column mapping hold the columns under their own names, whatever these are called by now.
  const isMapped = mappingMode(now) !== "none" && mappingMode(then) === "none";
  const mapped = isMapped ? assignColumnMapping(old.schema, now, old.schema).schema : old.schema;
  const lasting = LASTING.flatMap((name) => (now[name] === undefined ? [] : [[name, now[name]] as const]));
  const next = evolve(context, state, {
    ...(old.metadata.schemaString === state.metadata.schemaString ? {} : { schema: mapped }),
    partitionColumns: old.metadata.partitionColumns,
    configuration: { ...Object.fromEntries(gone), ...then, ...Object.fromEntries(lasting) },
  });
  const protocol = protocolWith(next.protocol, old.protocol);
  return protocol ? { ...next, protocol } : next;
}

/** Fails, naming some of them, if files or their deletion vectors are not there any more. */
async function checkFiles(context: TableContext, old: TableState, files: readonly AddFile[]): Promise<void> {
  const keys = files.flatMap((file) => keysOfFile(context, file));
  const found = await parallel(keys, (key) => context.store.head(key));
  const missing = keys.filter((_, index) => !found[index]);
  if (missing.length === 0) return;
  const shown = missing.slice(0, 3).join(", ");
  throw new CinelakeError(
    "object_not_found",
    `Version ${old.version} of ${context.path} cannot be restored: ${missing.length} of its files are gone, as after a vacuum (${shown}${missing.length > 3 ? ", …" : ""}).`,
    { details: { table: context.path, version: old.version, missing } },
  );
}

function bytesOf(files: Iterable<AddFile>): number {
  return Array.from(files).reduce((sum, { size }) => sum + size, 0);
}
