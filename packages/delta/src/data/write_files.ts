import { mkdir } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { CinelakeError } from "@cinelake/contracts/errors";
import type { ObjectStore } from "@cinelake/object_store";
import type { SqlEngine } from "../engine.ts";
import { fileUri, type AddFile, type PartitionValues } from "../log/actions.ts";
import { explainRow } from "../schema/explain.ts";
import { describe } from "../sql/parquet_relation.ts";
import { quoteText } from "../sql/quote.ts";
import { copySql, partitionCountsSql, rollingCopySql } from "./copy_sql.ts";
import type { FilePlan } from "./file_plan.ts";
import { parallel } from "./parallel.ts";
import { fileStatistics, type LeafStatistics } from "./statistics.ts";

export interface WrittenFiles {
  readonly files: readonly WrittenFile[];
  readonly rows: number;
  readonly bytes: number;
}

/** What an `add` or `cdc` action says of a file. */
type WrittenFile = Pick<AddFile, "path" | "partitionValues" | "size" | "stats">;

interface Place {
  readonly store: ObjectStore;
  readonly path: string;
  readonly engine: SqlEngine;
}

interface CopyRow {
  readonly filename: string;
  readonly count: number;
  readonly file_size_bytes: number;
  readonly column_statistics: ReadonlyMap<string, LeafStatistics>;
  readonly partition_keys: ReadonlyMap<string, string | null> | null;
}

/** Partitions that one COPY writes: DuckDB holds about a tenth of a megabyte for each until the end. */
const PARTITIONS_AT_ONCE = 1000;

/** The relation that is written. */
export interface FileSource {
  readonly relation: string;
  /**
   * At most so many partitions are in it, where that is known and it may be read several times, cheaply and with the same rows each time;
   * else undefined.
   */
  readonly mostPartitions: number | undefined;
}

/**
 * Writes a relation's rows as new files of the table, below `folder` of it (`""` or `name/`); the log is not touched. The keys of the files
 * are added to `keys` before they are stored, so that a caller can remove them whatever happens.
 */
export async function writeFiles(
  place: Place,
  source: FileSource,
  plan: FilePlan,
  folder: string,
  keys: string[],
): Promise<WrittenFiles> {
  await using staging = await place.store.stagingDirectory();
  const rows = await copyRows(place.engine, source, staging.path, plan);
  if (rows.length > 0) await checkFooter(place.engine, rows[0]!.filename, plan);
  const files = await parallel(rows, async (row): Promise<WrittenFile> => {
    const path = folder + relative(staging.path, row.filename).split("/").slice(1).join("/");
    const key = `${place.path}/${path}`;
    keys.push(key);
    await place.store.putFile(key, row.filename);
    return {
      path: fileUri(path),
      partitionValues: partitionValues(plan.partitionColumns, row.partition_keys),
      size: Number(row.file_size_bytes),
      stats: fileStatistics(Number(row.count), row.column_statistics, plan.columns, plan.isIndexed),
    };
  });
  const sum = (value: (row: CopyRow) => number): number => rows.reduce((total, row) => total + Number(value(row)), 0);
  return { files, rows: sum((row) => row.count), bytes: sum((row) => row.file_size_bytes) };
}

/** Files below `<folder>/<any one folder>/`, named by their path from there. */
async function copyRows(engine: SqlEngine, source: FileSource, folder: string, plan: FilePlan): Promise<CopyRow[]> {
  const written: CopyRow[] = [];
  for (const [index, values] of (await partitionGroups(engine, source, plan)).entries()) {
    const sql = copySql(source.relation, join(folder, `copy${index}`), plan, values);
    written.push(...(await explainRow(engine.rows<CopyRow>(sql))).filter((row) => Number(row.count) > 0));
  }
  if (plan.partitionColumns.length === 0) return written;
  const cut = await Promise.all(written.map((row, index) => cutFile(engine, row, folder, index, plan)));
  return cut.flat();
}

/** Values of the first partition column for each COPY; undefined for all of them at once. */
async function partitionGroups(
  engine: SqlEngine,
  { relation, mostPartitions = 0 }: FileSource,
  plan: FilePlan,
): Promise<((string | null)[] | undefined)[]> {
  if (mostPartitions <= PARTITIONS_AT_ONCE || plan.partitionColumns.length === 0) return [undefined];
  const counts = await explainRow(
    engine.rows<{ value: string | null; partitions: number }>(partitionCountsSql(relation, plan)),
  );
  if (counts.reduce((sum, { partitions }) => sum + partitions, 0) <= PARTITIONS_AT_ONCE) return [undefined];
  const groups: (string | null)[][] = [];
  let room = 0;
  for (const { value, partitions } of counts) {
    if (partitions > room) {
      groups.push([]);
      room = PARTITIONS_AT_ONCE;
    }
    groups.at(-1)!.push(value);
    room -= partitions;
  }
  return groups;
}

/** A partition's file again as several, if it is far above the target size: DuckDB cannot cut files while it partitions. */
async function cutFile(
  engine: SqlEngine,
  row: CopyRow,
  folder: string,
  index: number,
  plan: FilePlan,
): Promise<CopyRow[]> {
  if (row.file_size_bytes < plan.targetFileSize * 1.5) return [row];
  const inside = relative(folder, row.filename).split("/").slice(1, -1);
  const query = `SELECT * FROM read_parquet(${quoteText(row.filename)}, hive_partitioning = false)`;
  const target = join(folder, `cut${index}`, ...inside);
  await mkdir(dirname(target), { recursive: true });
  const rows = await engine.rows<CopyRow>(rollingCopySql(query, target, plan));
  return rows.filter((part) => Number(part.count) > 0).map((part) => ({ ...part, partition_keys: row.partition_keys }));
}

/** The Parquet footer must say what Delta's schema says; a reader that trusts the schema would otherwise read nonsense. */
async function checkFooter(engine: SqlEngine, file: string, plan: FilePlan): Promise<void> {
  const written = await engine.rows<{ name: string; type: string }>(
    describe(`SELECT * FROM read_parquet(${quoteText(file)}, hive_partitioning = false)`),
  );
  const types = new Map(written.map(({ name, type }) => [name, type]));
  const { columns } = plan;
  const wrong = columns.find(({ name }) => types.get(name) !== plan.columnTypes.get(name));
  if (!wrong && types.size === columns.length) return;
  const name = wrong?.name ?? "(number of columns)";
  throw new CinelakeError(
    "delta_schema_mismatch",
    `Column ${name} was written as ${types.get(name)} where the table has ${plan.columnTypes.get(name)}.`,
    { details: { column: name } },
  );
}

function partitionValues(columns: readonly string[], keys: ReadonlyMap<string, string | null> | null): PartitionValues {
  return Object.fromEntries(columns.map((name) => [name, keys?.get(name) || null]));
}
