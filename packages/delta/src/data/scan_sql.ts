import type { StructField, StructType } from "../api.ts";
import type { AddFile } from "../log/actions.ts";
import { partitionLiteral } from "../schema/partition_values.ts";
import { dataColumns, sqlType } from "../schema/types.ts";
import { parquetRelation } from "../sql/parquet_relation.ts";
import { quoteName } from "../sql/quote.ts";

export interface ScanPlan {
  readonly schema: StructType;
  readonly partitionColumns: readonly string[];
  /** Columns of the relation, in order. */
  readonly columns: readonly StructField[];
  /** SQL over the relation's table columns that keeps rows; default all. */
  readonly condition?: string;
  /** Further columns of these names: the file's number (`numbers`, one for each file), and the row's in its file. */
  readonly position?: { readonly file: string; readonly row: string; readonly numbers: readonly number[] };
}

/**
 * A relation, in brackets, with a table's rows out of these files (`paths` where they lie on this machine). Partition columns are
 * typed from the log; directory names are never looked at. Right for no file as well.
 */
export function scanSql(files: readonly AddFile[], paths: readonly string[], plan: ScanPlan): string {
  const { columns, condition, position } = plan;
  const extra = position ? [quoteName(position.file), quoteName(position.row)] : [];
  const names = [...columns.map((field) => quoteName(field.name)), ...extra].join(", ");
  const outer = `(SELECT ${names} FROM ${allColumns(files, paths, plan)}`;
  return condition && condition !== "TRUE" ? `${outer} WHERE ${condition})` : `${outer})`;
}

function allColumns(
  files: readonly AddFile[],
  paths: readonly string[],
  { schema, partitionColumns, position }: ScanPlan,
): string {
  const extra = (file: string, row: string): string[] =>
    position ? [`${file} AS ${quoteName(position.file)}`, `${row} AS ${quoteName(position.row)}`] : [];
  if (files.length === 0) {
    const nulls = schema.fields.map((field) => `CAST(NULL AS ${sqlType(field.type)}) AS ${quoteName(field.name)}`);
    return `(SELECT ${[...nulls, ...extra("CAST(NULL AS UBIGINT)", "CAST(NULL AS BIGINT)")].join(", ")} WHERE false)`;
  }
  // Names of our own within, so that no column can hide file_index.
  const inFile = dataColumns(schema, partitionColumns);
  const relation = parquetRelation(
    paths,
    inFile.map((field, place) => ({ name: `c${place}`, type: sqlType(field.type), nameInFile: field.name })),
  );
  const partitions = partitionRelation(files, schema, partitionColumns);
  const list = schema.fields.map((field) => {
    const place = inFile.indexOf(field);
    const value = place >= 0 ? `f."c${place}"` : partitions.valueOf(field.name);
    return `${value} AS ${quoteName(field.name)}`;
  });
  return `(SELECT ${[...list, ...extra(fileNumber(position?.numbers ?? []), "f.file_row_number")].join(", ")} FROM ${relation} AS f${partitions.join})`;
}

/** SQL of a file's number by its place among those that are read. */
function fileNumber(numbers: readonly number[]): string {
  if (numbers.every((number, place) => number === place)) return "f.file_index";
  return `list_extract([${numbers.join(", ")}]::UBIGINT[], f.file_index::BIGINT + 1)`;
}

/** Where partition columns come from: constants if all files agree, else a table of values by file. */
function partitionRelation(
  files: readonly AddFile[],
  schema: StructType,
  partitionColumns: readonly string[],
): { join: string; valueOf(name: string): string } {
  const literal = (file: AddFile, name: string): string =>
    partitionLiteral(file.partitionValues[name], schema.fields.find((field) => field.name === name)!.type);
  const varying = partitionColumns.filter((name) =>
    files.some((file) => literal(file, name) !== literal(files[0]!, name)),
  );
  const valueOf = (name: string): string =>
    varying.includes(name) ? `p."p${varying.indexOf(name)}"` : literal(files[0]!, name);
  if (varying.length === 0) return { join: "", valueOf };
  const rows = files.map(
    (file, index) => `(${index}::UBIGINT, ${varying.map((name) => literal(file, name)).join(", ")})`,
  );
  const names = varying.map((_, position) => `"p${position}"`).join(", ");
  return { join: ` JOIN (VALUES ${rows.join(", ")}) AS p(i, ${names}) ON p.i = f.file_index`, valueOf };
}
