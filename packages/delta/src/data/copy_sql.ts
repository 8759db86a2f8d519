import type { StructType } from "../api.ts";
import { partitionText } from "../schema/partition_values.ts";
import { dataColumns } from "../schema/types.ts";
import { quoteName, quoteText } from "../sql/quote.ts";

export interface CopyPlan {
  readonly schema: StructType;
  readonly partitionColumns: readonly string[];
  /** Where a file is ended, bytes; only files of unpartitioned tables are cut as they are written. */
  readonly targetFileSize: number;
}

const OPTIONS = "FORMAT parquet, COMPRESSION zstd, RETURN_STATS true, FILENAME_PATTERN 'part-{uuidv7}'";

/**
 * DuckDB's COPY of a relation with the table's typed columns into a folder. Partition columns leave the files; their values come back as the
 * log's texts. Sorting by them keeps one file open at a time, which makes writing thousands of partitions possible.
 */
export function copySql(relation: string, folder: string, plan: CopyPlan): string {
  const { schema, partitionColumns } = plan;
  const data = dataColumns(schema, partitionColumns).map((field) => quoteName(field.name));
  if (partitionColumns.length === 0) return rollingCopySql(`SELECT ${data.join(", ")} FROM ${relation}`, folder, plan);
  const names = partitionColumns.map(quoteName);
  const values = partitionColumns.map((name) => {
    const field = schema.fields.find((candidate) => candidate.name === name)!;
    return `${partitionText(quoteName(name), field.type)} AS ${quoteName(name)}`;
  });
  const query = `SELECT * FROM (SELECT ${[...data, ...values].join(", ")} FROM ${relation}) ORDER BY ${names.join(", ")}`;
  return `COPY (${query}) TO ${quoteText(folder)} (${OPTIONS}, PARTITION_BY (${names.join(", ")}))`;
}

/** COPY of a query into files of about the target size. */
export function rollingCopySql(
  query: string,
  folder: string,
  { targetFileSize }: Pick<CopyPlan, "targetFileSize">,
): string {
  return `COPY (${query}) TO ${quoteText(folder)} (${OPTIONS}, FILE_SIZE_BYTES ${targetFileSize})`;
}

/** Bytes of the table property `delta.targetFileSize` (`134217728`, `128mb`); 128 MiB if it is not set. */
export function targetFileSize(configuration: Readonly<Record<string, string>>): number {
  const match = /^(\d+)\s*([kmg]?)b?$/i.exec(configuration["delta.targetFileSize"]?.trim() ?? "128mb");
  const shift = { "": 0, k: 10, m: 20, g: 30 }[match?.[2]?.toLowerCase() ?? "m"] ?? 0;
  return match ? Number(match[1]) * 2 ** shift : 2 ** 27;
}
