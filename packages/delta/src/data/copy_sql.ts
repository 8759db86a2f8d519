import { partitionText } from "../schema/partition_values.ts";
import { quoteName, quoteText } from "../sql/quote.ts";
import type { FilePlan } from "./file_plan.ts";

/**
 * DuckDB's COPY of a relation with the table's typed columns into a folder. Partition columns leave the files; their values come back as the
 * log's texts. Sorting by them keeps one file open at a time. With `values` only the partitions whose first column has one of them.
 */
export function copySql(
  relation: string,
  folder: string,
  plan: FilePlan,
  values?: readonly (string | null)[] | undefined,
): string {
  const { partitionColumns, columns } = plan;
  const data = columns.map((field) => quoteName(field.name)).join(", ");
  if (partitionColumns.length === 0)
    return rollingCopySql(`SELECT ${data} FROM ${physicalSql(relation, plan)}`, folder, plan);
  const names = partitionColumns.map(quoteName).join(", ");
  const where = values ? ` WHERE ${isOneOf(quoteName(partitionColumns[0]!), values)}` : "";
  const query = `SELECT * FROM (SELECT ${data}, ${partitionTexts(plan)} FROM ${physicalSql(relation, plan)})${where} ORDER BY ${names}`;
  return `COPY (${query}) TO ${quoteText(folder)} (${optionsOf(plan)}, PARTITION_BY (${names}))`;
}

/** For each value of the first partition column, in order, how many partitions have it. */
export function partitionCountsSql(relation: string, plan: FilePlan): string {
  const names = plan.partitionColumns.map(quoteName).join(", ");
  return `SELECT value, count(*) AS partitions FROM (
    SELECT DISTINCT ${quoteName(plan.partitionColumns[0]!)} AS value, ${names} FROM (SELECT ${partitionTexts(plan)} FROM ${physicalSql(relation, plan)})
  ) GROUP BY value ORDER BY value NULLS FIRST`;
}

function physicalSql(relation: string, plan: FilePlan): string {
  return `(SELECT ${plan.select} FROM ${relation})`;
}

function partitionTexts({ schema, partitionColumns }: FilePlan): string {
  const texts = partitionColumns.map((name) => {
    const field = schema.fields.find((candidate) => candidate.name === name)!;
    return `${partitionText(quoteName(name), field.type)} AS ${quoteName(name)}`;
  });
  return texts.join(", ");
}

function isOneOf(column: string, values: readonly (string | null)[]): string {
  const texts = values.filter((value) => value !== null).map(quoteText);
  const conditions = texts.length > 0 ? [`${column} IN (${texts.join(", ")})`] : [];
  return [...conditions, ...(values.includes(null) ? [`${column} IS NULL`] : [])].join(" OR ");
}

/** COPY of a query with the files' columns into files of about the target size. */
export function rollingCopySql(query: string, folder: string, plan: FilePlan): string {
  return `COPY (${query}) TO ${quoteText(folder)} (${optionsOf(plan)}, FILE_SIZE_BYTES ${plan.targetFileSize})`;
}

function optionsOf({ fieldIds }: FilePlan): string {
  const options = ["FORMAT parquet", "COMPRESSION zstd", "RETURN_STATS true", "FILENAME_PATTERN 'part-{uuidv7}'"];
  return [...options, ...(fieldIds === undefined ? [] : [`FIELD_IDS ${fieldIds}`])].join(", ");
}
