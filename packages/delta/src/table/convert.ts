import { CinelakeError } from "@cinelake/contracts/errors";
import type { DeltaTable, StructField, StructType, TableContext } from "../api.ts";
import { parallel } from "../data/parallel.ts";
import { indexedLeaves } from "../data/statistics.ts";
import { fileUri, type AddFile } from "../log/actions.ts";
import { loadState } from "../log/load.ts";
import { checkFields, partitionColumnsOf, partitionTexts } from "./convert_partitions.ts";
import { mergeFileSchemas, readParquetSchema } from "./convert_schema.ts";
import { scanStatistics } from "./convert_statistics.ts";
import { innerTables } from "./inner_tables.ts";
import { openTable, putFirst, tableExists } from "./create.ts";

export interface ConvertOptions {
  /** Names and types of the columns that folders such as `year=2026` stand for, outermost first; default: as the folders say, all of type string. */
  readonly partitionColumns?: readonly StructField[];
  readonly name?: string;
  readonly description?: string;
}

interface ParquetFile {
  readonly path: string;
  readonly size: number;
  readonly lastModified: number;
  readonly schema: StructType;
}

/**
 * Makes a folder of Parquet files a Delta table in place: no file is moved or written but version 0 of the log, which names all files with
 * their statistics. Files and folders whose names start with `_` or `.` are ignored, and so are tables inside. Every file is read for its statistics. Nothing else may write to the
 * folder meanwhile. Fails with `delta_table_exists`, `object_not_found` if there is no Parquet file, and `delta_schema_mismatch` naming
 * file and column where files do not fit together or Delta has no type for a column.
 */
export async function convertToDelta(context: TableContext, options: ConvertOptions = {}): Promise<DeltaTable> {
  if (await loadState(context)) throw tableExists(context);
  const files = await parquetFiles(context);
  const given = options.partitionColumns;
  const partitionFields = partitionColumnsOf(
    files.map(({ path }) => path),
    given,
  );
  const partitionColumns = partitionFields.map(({ name }) => name);
  if (given) checkFields(given, partitionColumns);
  const values = await partitionTexts(
    context.engine,
    files.map(({ path }) => path),
    partitionFields,
  );
  const merged = mergeFileSchemas(files);
  const data = merged.fields.filter(({ name }) => !partitionColumns.includes(name));
  const schema: StructType = { type: "struct", fields: [...data, ...partitionFields] };
  const isIndexed = indexedLeaves(schema, { configuration: {}, partitionColumns }, "none");
  const adds = await parallel(files, async ({ path, size, lastModified }, index): Promise<AddFile> => {
    await using file = await context.store.localFile(`${context.path}/${path}`);
    return {
      path: fileUri(path),
      partitionValues: values[index]!,
      size,
      modificationTime: lastModified,
      dataChange: true,
      stats: await scanStatistics(context.engine, file.path, data, isIndexed),
    };
  });
  const { name, description } = options;
  const first = {
    operation: "CONVERT",
    parameters: { numFiles: String(adds.length), sourceFormat: "parquet", collectStats: "true" },
    metrics: { numConvertedFiles: adds.length },
    adds,
  };
  const described = {
    schema,
    partitionColumns,
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
  };
  if (!(await putFirst(context, described, first))) throw tableExists(context);
  return openTable(context);
}

async function parquetFiles(context: TableContext): Promise<ParquetFile[]> {
  const listed = (await Array.fromAsync(context.store.list(`${context.path}/`))).map(({ key, ...info }) => ({
    ...info,
    path: key.slice(context.path.length + 1),
  }));
  const isInner = innerTables(listed.map(({ path }) => path));
  const files = listed.filter(
    ({ path }) => /\.parquet$/i.test(path) && !path.split("/").some(isHiddenName) && !isInner(path),
  );
  if (files.length === 0) {
    throw new CinelakeError(
      "object_not_found",
      `There is no Parquet file (*.parquet) below ${context.path} in ${context.store.url}.`,
      { details: { path: context.path } },
    );
  }
  return parallel(files, async ({ path, size, lastModified }) => {
    await using file = await context.store.localFile(`${context.path}/${path}`);
    return { path, size, lastModified, schema: await readParquetSchema(context.engine, file.path, path) };
  });
}

/** `_p=1` is a partition's folder. */
function isHiddenName(name: string): boolean {
  return name.startsWith(".") || (name.startsWith("_") && !name.includes("="));
}
