import { CinelakeError } from "@cinelake/contracts";
import type { DataType, StructField, StructType } from "../api.ts";
import type { SqlColumn } from "../engine.ts";
import { quoteName, quoteText } from "../sql/quote.ts";
import { decimalSize, sqlType } from "./types.ts";

/** Marks DuckDB's error for a null in a column that takes none; the column's name follows. */
const NULL_MARK = "cinelake_null:";

/** Types that a column takes without loss, by DuckDB's names. */
const WIDER: Readonly<Record<string, readonly string[]>> = {
  SMALLINT: ["TINYINT", "UTINYINT"],
  INTEGER: ["TINYINT", "UTINYINT", "SMALLINT", "USMALLINT"],
  BIGINT: ["TINYINT", "UTINYINT", "SMALLINT", "USMALLINT", "INTEGER", "UINTEGER"],
  FLOAT: ["TINYINT", "UTINYINT", "SMALLINT", "USMALLINT"],
  DOUBLE: ["TINYINT", "UTINYINT", "SMALLINT", "USMALLINT", "INTEGER", "UINTEGER", "FLOAT"],
};
const INTEGER_DIGITS: Readonly<Record<string, number>> = {
  TINYINT: 3,
  UTINYINT: 3,
  SMALLINT: 5,
  USMALLINT: 5,
  INTEGER: 10,
  UINTEGER: 10,
  BIGINT: 19,
};

/**
 * Select list that turns a source's columns into the table's, by name, in schema order and exactly typed. A nullable column that the
 * source lacks is null. Fails with `delta_schema_mismatch`, naming the column, for an unknown column, a missing one that takes no null, and a
 * type that would lose something. `canonical` gives DuckDB's own spelling of each table column's type.
 */
export function fitColumns(
  source: readonly SqlColumn[],
  schema: StructType,
  partitionColumns: readonly string[],
  canonical: ReadonlyMap<string, string>,
): string {
  const given = new Map(source.map((column) => [column.name, column.type]));
  if (given.size !== source.length) {
    const twice = source.find((column, index) => source.findIndex(({ name }) => name === column.name) !== index)!;
    throw mismatch(twice.name, "is there twice in the source");
  }
  for (const { name } of source) {
    if (!schema.fields.some((field) => field.name === name)) {
      throw mismatch(name, `is not a column of the table (${schema.fields.map((field) => field.name).join(", ")})`);
    }
  }
  return schema.fields
    .map((field) => {
      const type = given.get(field.name);
      const name = quoteName(field.name);
      if (type === undefined) {
        if (!field.nullable) throw mismatch(field.name, "takes no null, but the source has no such column");
        return `CAST(NULL AS ${sqlType(field.type)}) AS ${name}`;
      }
      if (!fits(type, field.type, canonical.get(field.name)!)) throw mismatch(field.name, typeProblem(type, field));
      const value = `CAST(${name} AS ${sqlType(field.type)})`;
      // The log has one form for null and the empty string of a partition.
      const stored = partitionColumns.includes(field.name) && field.type === "string" ? `NULLIF(${value}, '')` : value;
      return `${notNull(field, stored)} AS ${name}`;
    })
    .join(", ");
}

/** SQL of a value of the field that fails where a null is not allowed. */
function notNull(field: StructField, sql: string): string {
  const conditions = nullConditions(sql, field.type, field.nullable, 0);
  if (conditions.length === 0) return sql;
  return `CASE WHEN ${conditions.join(" OR ")} THEN error(${quoteText(NULL_MARK + field.name)}) ELSE ${sql} END`;
}

/** SQL conditions that hold if a value has a null in a place that takes none: itself, a field, an element, a map's value. */
function nullConditions(sql: string, type: DataType, nullable: boolean, depth: number): string[] {
  const own = nullable ? [] : [`${sql} IS NULL`];
  if (typeof type === "string") return own;
  const inside = type.type === "struct" ? fieldConditions(sql, type, depth) : elementConditions(sql, type, depth);
  return [...own, ...inside];
}

function fieldConditions(sql: string, { fields }: StructType, depth: number): string[] {
  return fields.flatMap((field) => {
    const inner = nullConditions(`struct_extract(${sql}, ${quoteText(field.name)})`, field.type, field.nullable, depth);
    return inner.map((condition) => `(${sql} IS NOT NULL AND ${condition})`);
  });
}

function elementConditions(sql: string, type: Exclude<DataType, string | StructType>, depth: number): string[] {
  const isArray = type.type === "array";
  const list = isArray ? sql : `map_values(${sql})`;
  const element = isArray ? type.elementType : type.valueType;
  const takesNull = isArray ? type.containsNull : type.valueContainsNull;
  const name = `e${depth}`;
  const inner = nullConditions(name, element, true, depth + 1);
  return [
    ...(takesNull ? [] : [`list_position(${list}, NULL) IS NOT NULL`]),
    ...inner.map((condition) => `coalesce(len(list_filter(${list}, lambda ${name}: ${condition})), 0) > 0`),
  ];
}

function fits(source: string, type: DataType, canonical: string): boolean {
  if (source === canonical || WIDER[canonical]?.includes(source)) return true;
  const size = decimalSize(type);
  if (size) return fitsDecimal(source, size);
  if (typeof type === "string" || type.type !== "array") return false;
  const element = /^(.*)\[\d*\]$/.exec(source)?.[1];
  return element !== undefined && fits(element, type.elementType, canonical.replace(/\[\]$/, ""));
}

function fitsDecimal(source: string, { precision, scale }: { precision: number; scale: number }): boolean {
  const match = /^DECIMAL\((\d+),(\d+)\)$/.exec(source);
  const digits = match ? Number(match[1]) - Number(match[2]) : INTEGER_DIGITS[source];
  const places = match ? Number(match[2]) : 0;
  return digits !== undefined && digits <= precision - scale && places <= scale;
}

function typeProblem(type: string, field: StructField): string {
  const wanted = sqlType(field.type);
  const hint =
    type === "HUGEINT"
      ? "; SUM of integers gives HUGEINT"
      : type === "TIMESTAMP" && wanted === "TIMESTAMPTZ"
        ? "; a TIMESTAMP has no zone"
        : type === "INTEGER"
          ? "; a bare NULL counts as INTEGER"
          : "";
  return `is ${type} in the source and ${wanted} in the table${hint}: write CAST(… AS ${wanted})`;
}

function mismatch(column: string, problem: string): CinelakeError {
  return new CinelakeError("delta_schema_mismatch", `Column ${column} ${problem}.`, { details: { column } });
}

/** DuckDB's error for a null that is not allowed as `delta_schema_mismatch`; other errors as they are. */
export function explainNull(error: unknown): unknown {
  const text = error instanceof Error ? error.message : "";
  const start = text.indexOf(NULL_MARK);
  if (start < 0) return error;
  const column = text.slice(start + NULL_MARK.length).split("\n")[0]!;
  return new CinelakeError("delta_schema_mismatch", `Column ${column} takes no null, but the source holds one.`, {
    details: { column },
  });
}
