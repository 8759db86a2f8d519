import { duckdbType, type TableSpec } from "@cinelake/contracts";
import type { Ingestion } from "./plan.ts";

/**
 * DuckDB query that gives a CSV file's rows in the shape of its Bronze table: values as text (empty ones null), the ingestion's columns, and
 * the position in the file. The parser is told everything and guesses nothing, and it fails on what it does not understand.
 */
export function bronzeSql(path: string, header: readonly string[], spec: TableSpec, ingestion: Ingestion): string {
  const constants: Readonly<Record<string, string>> = {
    dataset_name: literal(ingestion.dataset),
    ingestion_id: literal(ingestion.ingestionId),
    row_number: "row_number() OVER ()",
    ingestion_ts: literal(ingestion.ingestionTs),
    ingestion_date: literal(ingestion.ingestionDate),
  };
  const columns = spec.columns.map((column) => {
    const value = column.source === undefined ? constants[column.name] : `c${header.indexOf(column.source)}`;
    if (value === undefined)
      throw new Error(`${spec.name}.${column.name} has neither a source column nor a value of the ingestion`);
    return `CAST(${value} AS ${duckdbType(column)}) AS "${column.name}"`;
  });
  return `SELECT ${columns.join(", ")} FROM ${readCsv(path, header.length)}`;
}

/** Number of rows that the query above will give, as `rows`. */
export function countSql(path: string, header: readonly string[]): string {
  return `SELECT count(*) AS rows FROM ${readCsv(path, header.length)}`;
}

/** Line ends are found by the parser: naming them makes it skip rows that end in the other kind. */
function readCsv(path: string, width: number): string {
  const columns = Array.from({ length: width }, (_, index) => `c${index}: 'VARCHAR'`).join(", ");
  const options = [
    "auto_detect = false",
    `columns = {${columns}}`,
    "header = true",
    "delim = ','",
    `quote = '"'`,
    `escape = '"'`,
    "nullstr = ''",
    "strict_mode = true",
    "null_padding = false",
    "ignore_errors = false",
  ];
  return `read_csv(${literal(path)}, ${options.join(", ")})`;
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
