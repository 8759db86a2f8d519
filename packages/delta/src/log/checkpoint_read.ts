import { CinelakeError, findError } from "@cinelake/contracts/errors";
import { localFiles } from "../data/local_files.ts";
import { parallel } from "../data/parallel.ts";
import type { SqlEngine } from "../engine.ts";
import { parseSchema } from "../schema/types.ts";
import { parquetRelation } from "../sql/parquet_relation.ts";
import { quoteName, quoteText } from "../sql/quote.ts";
import { parseCommit, physicalPath, type Action } from "./actions.ts";
import { addColumn, PLAIN_COLUMNS, REMOVE_COLUMN } from "./checkpoint_schema.ts";
import { PartitionValueCache, readAdds, readRemoves } from "./file_actions.ts";
import type { LogPlace } from "./load.ts";
import { sidecarPrefix } from "./names.ts";
import { parsedStatistics, type ParsedStatistics } from "./parsed_statistics.ts";
import type { CheckpointFiles } from "./segment.ts";
import { metadataOf, type Replay } from "./state.ts";
import { UnusableFile } from "./unusable_file.ts";

const filesAtOnce = 4;

/**
 * Replays a checkpoint of any kind: classic, of several parts, V2 in JSON or Parquet with or without sidecars. Fails with UnusableFile
 * if it is not whole.
 */
export async function replayCheckpoint(place: LogPlace, checkpoint: CheckpointFiles, replay: Replay): Promise<void> {
  const name = checkpoint.keys[0]!;
  try {
    const actions = await readPlainActions(place, checkpoint);
    replay.apply(actions);
    const sidecars = sidecarKeys(place.path, actions);
    const parquet = checkpoint.format === "parquet" ? checkpoint.keys : [];
    const values = new PartitionValueCache();
    const statistics = statisticsOf(actions);
    await parallel(
      [...parquet, ...sidecars],
      (key) => replayFileActions(place, key, { replay, values, statistics }),
      filesAtOnce,
    );
  } catch (error) {
    if (findError(error, "object_not_found", "delta_corrupt")) throw new UnusableFile(name, error);
    throw error;
  }
}

/** The sidecars that a checkpoint names, as keys; none for one that has none. */
export async function sidecarsOf(place: LogPlace, checkpoint: CheckpointFiles): Promise<string[]> {
  return sidecarKeys(place.path, await readPlainActions(place, checkpoint));
}

/** All actions of a JSON checkpoint; of a Parquet one those that are not about files. */
async function readPlainActions(place: LogPlace, { keys, format }: CheckpointFiles): Promise<Action[]> {
  if (format === "json") return parseCommit(await place.store.get(keys[0]!), keys[0]!);
  await using files = await localFiles(place.store, keys);
  await using session = await place.engine.session();
  const some = PLAIN_COLUMNS.map(({ name }) => `${quoteName(name)} IS NOT NULL`).join(" OR ");
  const sql = `SELECT * FROM ${parquetRelation(files.paths, PLAIN_COLUMNS)} WHERE ${some}`;
  const rows = await asCheckpoint(keys[0]!, () => session.rows(sql));
  return rows.map((row) => withoutNulls(row) as Action);
}

/** Sidecars lie in a folder of the table's own, whatever else their path says (PROTOCOL.md, sidecar file information). */
function sidecarKeys(table: string, actions: readonly Action[]): string[] {
  return actions.flatMap(({ sidecar }) => {
    if (!sidecar) return [];
    const name = sidecar.path.slice(sidecar.path.lastIndexOf("/") + 1);
    return [sidecarPrefix(table) + physicalPath(name)];
  });
}

/** None for a table whose metadata cannot be read: that is told when all of its log has been replayed. */
function statisticsOf(actions: readonly Action[]): ParsedStatistics | undefined {
  const metadata = actions.find((action) => action.metaData)?.metaData;
  try {
    return metadata && parsedStatistics(parseSchema(metadata.schemaString), metadataOf(metadata));
  } catch (error) {
    if (findError(error, "delta_corrupt")) return undefined;
    throw error;
  }
}

interface FileActions {
  readonly replay: Replay;
  readonly values: PartitionValueCache;
  readonly statistics: ParsedStatistics | undefined;
}

async function replayFileActions(
  place: LogPlace,
  key: string,
  { replay, values, statistics }: FileActions,
): Promise<void> {
  await using file = await place.store.localFile(key);
  await using session = await place.engine.session();
  await asCheckpoint(key, async () => {
    const { column, sql } = await statisticsSource(session, file.path, statistics);
    for await (const adds of readAdds(session, parquetRelation([file.path], [column]), sql, values)) {
      replay.addFiles(adds);
    }
    if (!replay.tombstones) return;
    for await (const removes of readRemoves(session, parquetRelation([file.path], [REMOVE_COLUMN]), values)) {
      replay.addTombstones(removes);
    }
  });
}

/** Where a file's statistics come from: `stats`, or if some action has none, `stats_parsed`. */
async function statisticsSource(
  session: SqlEngine,
  path: string,
  statistics: ParsedStatistics | undefined,
): Promise<{ column: ReturnType<typeof addColumn>; sql: string }> {
  const text = { column: addColumn(), sql: '"add"."stats"' };
  if (!statistics) return text;
  const isParsed = `SELECT 1 FROM parquet_schema(${quoteText(path)}) WHERE name = 'stats_parsed' LIMIT 1`;
  if ((await session.rows(isParsed)).length === 0) return text;
  const lacksText = `SELECT 1 FROM ${parquetRelation([path], [text.column])} WHERE "add"."path" IS NOT NULL AND "add"."stats" IS NULL LIMIT 1`;
  if ((await session.rows(lacksText)).length === 0) return text;
  return {
    column: addColumn(statistics.type),
    sql: `COALESCE("add"."stats", ${statistics.json('"add"."stats_parsed"')})`,
  };
}

/** DuckDB's errors about a file are damage of the file, but for those of this machine. */
async function asCheckpoint<T>(key: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof CinelakeError || !(cause instanceof Error) || cause.message.startsWith("Out of Memory")) {
      throw cause;
    }
    throw new CinelakeError("delta_corrupt", `The checkpoint file ${key} cannot be read: ${cause.message}`, {
      cause,
      details: { key },
    });
  }
}

/** Nulls of a checkpoint's structs mean that the field is not there; a null in a map is a value. */
function withoutNulls(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value);
  if (Array.isArray(value) || typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (item === null ? [] : [[key, withoutNulls(item)]])),
  );
}
