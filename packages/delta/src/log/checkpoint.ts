import { join } from "node:path";
import type { ObjectStore } from "@cinelake/object_store";
import type { SqlEngine } from "../engine.ts";
import { localFiles } from "../data/local_files.ts";
import { parquetRelation } from "../sql/parquet_relation.ts";
import { quoteText } from "../sql/quote.ts";
import type { Action, RemoveFile } from "./actions.ts";
import { READ_COLUMNS, WRITTEN_COLUMNS } from "./checkpoint_schema.ts";
import { checkpointKey, lastCheckpointKey } from "./names.ts";
import type { TableState } from "./state.ts";

interface Place {
  readonly store: ObjectStore;
  readonly path: string;
  readonly engine: SqlEngine;
}

/** The actions of a classic checkpoint (of one or more parts). */
export async function readCheckpoint(place: Place, keys: readonly string[]): Promise<Action[]> {
  await using files = await localFiles(place.store, keys);
  await using session = await place.engine.session();
  const rows = await session.rows(`SELECT * FROM ${parquetRelation(files.paths, READ_COLUMNS)}`);
  return rows.map((row) => withoutNulls(row) as Action);
}

/** Nulls of a checkpoint's structs mean that the field is not there; a null in a map is a value. */
function withoutNulls(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value);
  if (Array.isArray(value) || typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (item === null ? [] : [[key, withoutNulls(item)]])),
  );
}

/** Writes the V1 checkpoint of a state and points `_last_checkpoint` at it. A reader sees it whole or not at all. */
export async function writeCheckpoint(
  place: Place,
  state: TableState,
  tombstones: ReadonlyMap<string, RemoveFile>,
  now: number,
): Promise<void> {
  const actions = checkpointActions(state, tombstones, now);
  const { store, path } = place;
  await using staging = await store.stagingDirectory();
  await using session = await place.engine.session();
  const file = join(staging.path, "checkpoint.parquet");
  await session.load("checkpoint", WRITTEN_COLUMNS, actions.map(withMaps));
  await session.run(`COPY checkpoint TO ${quoteText(file)} (FORMAT parquet, COMPRESSION zstd)`);
  const key = checkpointKey(path, state.version);
  await store.putFile(key, file);
  const last = {
    version: state.version,
    size: actions.length,
    sizeInBytes: (await store.head(key))?.size,
    numOfAddFiles: state.files.size,
  };
  await store.put(lastCheckpointKey(path), new TextEncoder().encode(JSON.stringify(last)));
}

/** What a checkpoint of the state holds: all but expired tombstones (PROTOCOL.md, checkpoints). */
function checkpointActions(state: TableState, tombstones: ReadonlyMap<string, RemoveFile>, now: number): Action[] {
  const keepFrom = now - retentionMillis(state.metadata.configuration["delta.deletedFileRetentionDuration"]);
  const actions: Action[] = [{ protocol: state.protocol }, { metaData: state.metadata }];
  for (const txn of state.transactions.values()) actions.push({ txn });
  for (const domainMetadata of state.domains.values()) actions.push({ domainMetadata });
  for (const add of state.files.values()) actions.push({ add: { ...add, dataChange: false } });
  for (const remove of tombstones.values()) {
    if ((remove.deletionTimestamp ?? 0) > keepFrom) actions.push({ remove: { ...remove, dataChange: false } });
  }
  return actions;
}

const UNITS: Readonly<Record<string, number>> = {
  millisecond: 1,
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
};

/** Milliseconds of an interval such as `interval 1 week`; a week for one that is absent or of another form. */
export function retentionMillis(interval: string | undefined): number {
  const match = /^(?:interval\s+)?(\d+)\s+(millisecond|second|minute|hour|day|week)s?$/i.exec(interval?.trim() ?? "");
  return match ? Number(match[1]) * UNITS[match[2]!.toLowerCase()]! : UNITS.week!;
}

/** Objects that are maps in the checkpoint's schema become Maps, which is what the engine loads into a map column. */
function withMaps(action: Action): Record<string, unknown> {
  const { add, remove, metaData } = action;
  if (add) {
    const { path, size, modificationTime, dataChange, stats } = add;
    const partitionValues = mapOf(add.partitionValues);
    return {
      add: { path, partitionValues, size, modificationTime, dataChange, stats, tags: add.tags && mapOf(add.tags) },
    };
  }
  if (remove) {
    const { path, deletionTimestamp, dataChange, extendedFileMetadata, size } = remove;
    const partitionValues = remove.partitionValues && mapOf(remove.partitionValues);
    return { remove: { path, deletionTimestamp, dataChange, extendedFileMetadata, partitionValues, size } };
  }
  if (metaData) {
    const { id, name, description, format, schemaString, partitionColumns, createdTime } = metaData;
    return {
      metaData: {
        id,
        name,
        description,
        format: { provider: format.provider, options: mapOf(format.options ?? {}) },
        schemaString,
        partitionColumns,
        configuration: mapOf(metaData.configuration),
        createdTime,
      },
    };
  }
  if (action.protocol) {
    const { minReaderVersion, minWriterVersion, readerFeatures, writerFeatures } = action.protocol;
    return { protocol: { minReaderVersion, minWriterVersion, readerFeatures, writerFeatures } };
  }
  if (action.txn) {
    const { appId, version, lastUpdated } = action.txn;
    return { txn: { appId, version, lastUpdated } };
  }
  const { domain, configuration, removed } = action.domainMetadata!;
  return { domainMetadata: { domain, configuration, removed } };
}

function mapOf<T>(object: Readonly<Record<string, T>>): Map<string, T> {
  return new Map(Object.entries(object));
}
