import type { StructField, StructType } from "../api.ts";
import type { AddFile } from "../log/actions.ts";
import { physicalName, type MappingMode } from "../schema/column_mapping.ts";
import { partitionValueSql } from "../schema/partition_values.ts";
import { sqlType } from "../schema/types.ts";
import { parquetRelation } from "../sql/parquet_relation.ts";
import { quoteName } from "../sql/quote.ts";
import type { FileLayout } from "./file_layout.ts";

/** A data file as it is opened. */
export interface ScanFile {
  /** Its number, by which `vectors` and `position` name it. */
  readonly number: number;
  readonly path: string;
  readonly layout: FileLayout;
  readonly partitionValues: AddFile["partitionValues"];
  /** Whether `vectors` has rows of it that are deleted, and rows that alone are wanted. */
  readonly hasDeleted: boolean;
  readonly hasWanted: boolean;
}

export interface ScanPlan {
  readonly schema: StructType;
  readonly partitionColumns: readonly string[];
  readonly mode: MappingMode;
  /** Columns of the relation, in order. */
  readonly columns: readonly StructField[];
  /** SQL over the relation's table columns that keeps rows; default all. */
  readonly condition?: string;
  /** Further columns of these names: the file's number, and the row's in its file. */
  readonly position?: { readonly file: string; readonly row: string };
  /** Table of the rows that deletion vectors name: `file`, `row`, `wanted`. */
  readonly vectors: string | undefined;
}

/**
 * A relation, in brackets, with a table's rows out of these files. Partition columns are typed from the log; directory names are never
 * looked at. Right for no file as well.
 */
export function scanSql(files: readonly ScanFile[], plan: ScanPlan): string {
  const { columns, condition, position } = plan;
  const extra = position ? [quoteName(position.file), quoteName(position.row)] : [];
  const names = [...columns.map((field) => quoteName(field.name)), ...extra].join(", ");
  const groups = groupsOf(files).map((group) => groupSql(group, plan));
  const rows = groups.length > 0 ? groups.join(" UNION ALL ") : noRows(plan);
  const outer = `(SELECT ${names} FROM (${rows})`;
  return condition && condition !== "TRUE" ? `${outer} WHERE ${condition})` : `${outer})`;
}

/** Files that one statement can read: of one layout, and alike in what deletion vectors mean for them. */
function groupsOf(files: readonly ScanFile[]): ScanFile[][] {
  const kinds = files.map((file) => [file.layout, file.hasDeleted, file.hasWanted] as const);
  const groups: { kind: (typeof kinds)[number]; files: ScanFile[] }[] = [];
  files.forEach((file, index) => {
    const kind = kinds[index]!;
    const group = groups.find((candidate) => candidate.kind.every((value, place) => value === kind[place]));
    if (group) group.files.push(file);
    else groups.push({ kind, files: [file] });
  });
  return groups.map((group) => group.files);
}

function groupSql(files: readonly ScanFile[], { schema, partitionColumns, mode, position, vectors }: ScanPlan): string {
  const { layout, hasDeleted, hasWanted } = files[0]!;
  const number = fileNumber(files);
  const inFiles = schema.fields.filter((field) => layout.get(field.name)?.nameInFile !== undefined);
  // Names of our own within, so that no column can hide file_index.
  const read = inFiles.map((field, place) => {
    const { nameInFile, type } = layout.get(field.name)!;
    return { name: `c${place}`, type: sqlType(type), nameInFile };
  });
  const values = schema.fields.map((field) => {
    const place = inFiles.indexOf(field);
    if (place >= 0) return `${layout.get(field.name)!.value(`f."c${place}"`)} AS ${quoteName(field.name)}`;
    const texts = partitionColumns.includes(field.name)
      ? files.map((file) => file.partitionValues[physicalName(field, mode)])
      : [null];
    return `${partitionValueSql(texts, field.type, "f.file_index::BIGINT + 1")} AS ${quoteName(field.name)}`;
  });
  const extra = position
    ? [`${number} AS ${quoteName(position.file)}`, `f.file_row_number AS ${quoteName(position.row)}`]
    : [];
  const join = (kind: string, wanted: boolean): string =>
    ` ${kind} JOIN ${vectors} AS v ON v.wanted = ${wanted} AND v.file = ${number} AND v.row = f.file_row_number`;
  return (
    `SELECT ${[...values, ...extra].join(", ")} FROM ${parquetRelation(
      files.map((file) => file.path),
      read,
    )} AS f` +
    (hasWanted ? join("SEMI", true) : "") +
    (hasDeleted ? join("ANTI", false) : "")
  );
}

/** SQL of a file's number by its place among those that are read. */
function fileNumber(files: readonly ScanFile[]): string {
  if (files.every((file, place) => file.number === place)) return "f.file_index";
  return `list_extract([${files.map((file) => file.number).join(", ")}]::UBIGINT[], f.file_index::BIGINT + 1)`;
}

function noRows({ schema, position }: ScanPlan): string {
  const nulls = schema.fields.map((field) => `CAST(NULL AS ${sqlType(field.type)}) AS ${quoteName(field.name)}`);
  const extra = position
    ? [`CAST(NULL AS UBIGINT) AS ${quoteName(position.file)}`, `CAST(NULL AS BIGINT) AS ${quoteName(position.row)}`]
    : [];
  return `SELECT ${[...nulls, ...extra].join(", ")} WHERE false`;
}
