import type { SqlColumn } from "../engine.ts";
import { quoteName, quoteText } from "./quote.ts";

type ParquetColumn = SqlColumn & { readonly nameInFile?: string };

/** DuckDB takes no empty list of columns: one that no file has stands for none. */
const NO_COLUMN: ParquetColumn = { name: "cinelake_no_column", type: "BOOLEAN" };

/**
 * A relation over Parquet files with exactly these columns, found by name and cast: one that a file lacks is null, others are left
 * out. `nameInFile` is the column's name there if it differs. Without any column there are the files' rows all the same.
 */
export function parquetRelation(paths: readonly string[], columns: readonly ParquetColumn[]): string {
  const schema = (columns.length > 0 ? columns : [NO_COLUMN])
    .map(
      ({ name, type, nameInFile }) =>
        `${quoteText(nameInFile ?? name)}: {name: ${quoteText(name)}, type: ${quoteText(type)}, default_value: NULL}`,
    )
    .join(", ");
  return `read_parquet([${pathList(paths)}], schema = MAP {${schema}}, hive_partitioning = false)`;
}

/** The elements of Parquet files' schemas, each file's in the order of its footer. */
export function parquetSchemas(paths: readonly string[]): string {
  return `parquet_schema([${pathList(paths)}])`;
}

/** SQL of paths that are taken as they are: to DuckDB they would be patterns. */
function pathList(paths: readonly string[]): string {
  return paths.map((path) => quoteText(path.replaceAll(/[*?[]/g, "[$&]"))).join(", ");
}

/** A relation, in brackets, of one row in which these columns are null. */
export function nullRow(columns: readonly SqlColumn[]): string {
  return `(SELECT ${columns.map(({ name, type }) => `CAST(NULL AS ${type}) AS ${quoteName(name)}`).join(", ")})`;
}

/** `DESCRIBE`'s columns of a query. */
export function describe(sql: string): string {
  return `SELECT column_name AS name, column_type AS type FROM (DESCRIBE ${sql})`;
}

/** Text of a query as it can stand in brackets. */
export function subquery(sql: string): string {
  return `(\n${sql.trim().replace(/(\s*;)+$/, "")}\n)`;
}
