import { CinelakeError } from "./errors.ts";
import { TABLES, type TableName } from "./generated/tables.ts";
import type { TableSpec } from "./table_spec.ts";

export const TABLE_NAMES = Object.keys(TABLES) as readonly TableName[];

/** Specification of a table. Throws `delta_table_not_found` for a name that no specification has. */
export function tableSpec(name: TableName | (string & {})): TableSpec {
  if (isTableName(name)) return TABLES[name];
  throw new CinelakeError(
    "delta_table_not_found",
    `There is no table ${name}; the tables are ${TABLE_NAMES.join(", ")}`,
  );
}

export function isTableName(name: string): name is TableName {
  return Object.hasOwn(TABLES, name);
}
