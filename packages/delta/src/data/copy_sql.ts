import { partitionText } from "../schema/partition_values.ts";
import { quoteName, quoteText } from "../sql/quote.ts";
import type { FilePlan } from "./file_plan.ts";

/**
 * DuckDB's COPY of a relation with the table's typed columns into a folder. Partition columns leave the files; their values come back as the
 * log's texts. Sorting by them keeps one file open at a time, which makes writing thousands of partitions possible.
 */
export function copySql(relation: string, folder: string, plan: FilePlan): string {
  const { schema, partitionColumns, columns } = plan;
  const data = columns.map((field) => quoteName(field.name)).join(", ");
  const physical = `(SELECT ${plan.select} FROM ${relation})`;
  if (partitionColumns.length === 0) return rollingCopySql(`SELECT ${data} FROM ${physical}`, folder, plan);
  const names = partitionColumns.map(quoteName).join(", ");
  const values = partitionColumns.map((name) => {
    const field = schema.fields.find((candidate) => candidate.name === name)!;
    return `${partitionText(quoteName(name), field.type)} AS ${quoteName(name)}`;
  });
  const query = `SELECT * FROM (SELECT ${data}, ${values.join(", ")} FROM ${physical}) ORDER BY ${names}`;
  return `COPY (${query}) TO ${quoteText(folder)} (${optionsOf(plan)}, PARTITION_BY (${names}))`;
}

/** COPY of a query with the files' columns into files of about the target size. */
export function rollingCopySql(query: string, folder: string, plan: FilePlan): string {
  return `COPY (${query}) TO ${quoteText(folder)} (${optionsOf(plan)}, FILE_SIZE_BYTES ${plan.targetFileSize})`;
}

function optionsOf({ fieldIds }: FilePlan): string {
  const options = ["FORMAT parquet", "COMPRESSION zstd", "RETURN_STATS true", "FILENAME_PATTERN 'part-{uuidv7}'"];
  return [...options, ...(fieldIds === undefined ? [] : [`FIELD_IDS ${fieldIds}`])].join(", ");
}
