import { mkdir } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { CinelakeError } from "@cinelake/contracts";
import type { ObjectStore } from "@cinelake/object_store";
import type { SqlEngine } from "../engine.ts";
import { fileUri, type AddFile, type PartitionValues } from "../log/actions.ts";
import { dataColumns } from "../schema/types.ts";
import { explainNull } from "../schema/fit.ts";
import { describe } from "../sql/parquet_relation.ts";
import { quoteText } from "../sql/quote.ts";
import { copySql, rollingCopySql, type CopyPlan } from "./copy_sql.ts";
import { parallel } from "./parallel.ts";
import { fileStatistics, type LeafStatistics } from "./statistics.ts";

export interface WrittenFiles {
  readonly adds: readonly AddFile[];
  readonly rows: number;
  readonly bytes: number;
  /** Removes the files from the store, for a commit that did not come about. Errors do not matter: nothing refers to them. */
  discard(): Promise<void>;
}

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

/** Writes a relation's rows as new data files of the table and gives the `add` actions for them; the log is not touched. */
export async function writeFiles(
  place: Place,
  relation: string,
  plan: CopyPlan & { readonly columnTypes: ReadonlyMap<string, string> },
  now: number,
): Promise<WrittenFiles> {
  await using staging = await place.store.stagingDirectory();
  const rows = await copyRows(place.engine, relation, staging.path, plan);
  if (rows.length > 0) await checkFooter(place.engine, rows[0]!.filename, plan);
  const columns = dataColumns(plan.schema, plan.partitionColumns);
  const put: string[] = [];
  const discard = async (): Promise<void> => {
    await parallel(put, (key) => place.store.delete(key).catch(() => undefined));
  };
  try {
    const adds = await parallel(rows, async (row): Promise<AddFile> => {
      const path = relative(staging.path, row.filename).split("/").slice(1).join("/");
      const key = `${place.path}/${path}`;
      put.push(key);
      await place.store.putFile(key, row.filename);
      return {
        path: fileUri(path),
        partitionValues: partitionValues(plan.partitionColumns, row.partition_keys),
        size: Number(row.file_size_bytes),
        modificationTime: now,
        dataChange: true,
        stats: fileStatistics(Number(row.count), row.column_statistics, columns),
      };
    });
    const sum = (value: (row: CopyRow) => number): number => rows.reduce((total, row) => total + Number(value(row)), 0);
    return { adds, rows: sum((row) => row.count), bytes: sum((row) => row.file_size_bytes), discard };
  } catch (error) {
    await discard();
    throw error;
  }
}

/** Files below `<folder>/<any one folder>/`, named by their path from there. */
async function copyRows(engine: SqlEngine, relation: string, folder: string, plan: CopyPlan): Promise<CopyRow[]> {
  try {
    const first = await engine.rows<CopyRow>(copySql(relation, join(folder, "0"), plan));
    const written = first.filter((row) => Number(row.count) > 0);
    if (plan.partitionColumns.length === 0) return written;
    const cut = await Promise.all(written.map((row, index) => cutFile(engine, row, folder, index + 1, plan)));
    return cut.flat();
  } catch (error) {
    throw explainNull(error);
  }
}

/** A partition's file again as several, if it is far above the target size: DuckDB cannot cut files while it partitions. */
async function cutFile(
  engine: SqlEngine,
  row: CopyRow,
  folder: string,
  index: number,
  plan: CopyPlan,
): Promise<CopyRow[]> {
  if (row.file_size_bytes < plan.targetFileSize * 1.5) return [row];
  const inside = relative(join(folder, "0"), row.filename).split("/").slice(0, -1);
  const query = `SELECT * FROM read_parquet(${quoteText(row.filename)}, hive_partitioning = false)`;
  const target = join(folder, String(index), ...inside);
  await mkdir(dirname(target), { recursive: true });
  const rows = await engine.rows<CopyRow>(rollingCopySql(query, target, plan));
  return rows.filter((part) => Number(part.count) > 0).map((part) => ({ ...part, partition_keys: row.partition_keys }));
}

/** The Parquet footer must say what Delta's schema says; a reader that trusts the schema would otherwise read nonsense. */
async function checkFooter(
  engine: SqlEngine,
  file: string,
  plan: CopyPlan & { readonly columnTypes: ReadonlyMap<string, string> },
): Promise<void> {
  const written = await engine.rows<{ name: string; type: string }>(
    describe(`SELECT * FROM read_parquet(${quoteText(file)}, hive_partitioning = false)`),
  );
  const types = new Map(written.map(({ name, type }) => [name, type]));
  const columns = dataColumns(plan.schema, plan.partitionColumns);
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
