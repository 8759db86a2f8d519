import { CinelakeError } from "@cinelake/contracts/errors";
import type { DataType, StructField, StructType } from "../api.ts";
import type { SqlColumn } from "../engine.ts";
import { markedText, quoteName, quoteText } from "../sql/quote.ts";
import { parseSqlType, type SqlType } from "../sql/sql_type.ts";
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
  TIMESTAMP: ["TIMESTAMP_S", "TIMESTAMP_MS"],
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
 * Select list that turns a source's columns into the table's, by name, in schema order and exactly typed. A nullable column (or field
 * of a struct) that the source lacks is null. Fails with `delta_schema_mismatch`, naming the column, for an unknown column, a missing one
 * that takes no null, and a type that would lose something.
 */
export function fitColumns(
  source: readonly SqlColumn[],
  schema: StructType,
  partitionColumns: readonly string[],
): string {
  const given = new Map(source.map((column) => [column.name, column.type]));
  if (given.size !== source.length) {
    const twice = source.find((column, index) => source.findIndex(({ name }) => name === column.name) !== index)!;
    throw mismatch(twice.name, "is there twice in the source");
  }
  for (const { name } of source) {
    if (!schema.fields.some((field) => field.name === name)) throw unknownColumn(name, schema);
  }
  return schema.fields
    .map((field) => {
      const type = given.get(field.name);
      const name = quoteName(field.name);
      if (type === undefined) {
        if (!field.nullable) throw mismatch(field.name, "takes no null, but the source has no such column");
        return `CAST(NULL AS ${sqlType(field.type)}) AS ${name}`;
      }
      checkFit(parseSqlType(type), field.type, field.name);
      return `${storedValue(field, name, partitionColumns)} AS ${name}`;
    })
    .join(", ");
}

/** SQL of a value as the field stores it, cast to its type; it fails where a null is not allowed. */
export function storedValue(field: StructField, sql: string, partitionColumns: readonly string[]): string {
  const value = `CAST(${sql} AS ${sqlType(field.type)})`;
  // The log has one form for null and the empty string of a partition.
  const isText = field.type === "string" && partitionColumns.includes(field.name);
  return notNull(field, isText ? `NULLIF(${value}, '')` : value);
}

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
  const takesNull = isArray ? type.containsNull : type.valueContainsNull;
  const within = (values: string, element: DataType): string[] => {
    const name = `e${depth}`;
    const inner = nullConditions(name, element, true, depth + 1);
    return inner.map((condition) => `coalesce(len(list_filter(${values}, lambda ${name}: ${condition})), 0) > 0`);
  };
  return [
    ...(takesNull ? [] : [`list_position(${list}, NULL) IS NOT NULL`]),
    ...within(list, isArray ? type.elementType : type.valueType),
    ...(isArray ? [] : within(`map_keys(${sql})`, type.keyType)),
  ];
}

/** Fails unless values of the source's type can be the column's without loss; `path` names the place. */
function checkFit(source: SqlType, type: DataType, path: string): void {
  if (typeof type === "string") {
    if (source.kind !== "primitive" || !fitsPrimitive(source.name, type))
      throw mismatch(path, typeProblem(source, type));
    return;
  }
  if (type.type === "struct" && source.kind === "struct") {
    checkFields(source, type, path);
  } else if (type.type === "array" && source.kind === "list") {
    checkFit(source.element, type.elementType, `${path}.element`);
  } else if (type.type === "map" && source.kind === "map") {
    checkFit(source.key, type.keyType, `${path}.key`);
    checkFit(source.value, type.valueType, `${path}.value`);
  } else throw mismatch(path, typeProblem(source, type));
}

function checkFields(source: SqlType & { readonly kind: "struct" }, type: StructType, path: string): void {
  for (const { name } of source.fields) {
    if (!type.fields.some((field) => field.name === name)) throw unknownColumn(name, type, path);
  }
  for (const field of type.fields) {
    const given = source.fields.find(({ name }) => name === field.name);
    if (given) checkFit(given.type, field.type, `${path}.${field.name}`);
    else if (!field.nullable)
      throw mismatch(`${path}.${field.name}`, "takes no null, but the source has no such field");
  }
}

function fitsPrimitive(source: string, type: string): boolean {
  const name = primitiveName(type);
  if (source === name || WIDER[name]?.includes(source)) return true;
  const size = decimalSize(type);
  return size !== undefined && fitsDecimal(source, size);
}

/** A primitive type's name as DESCRIBE prints it. */
function primitiveName(type: string): string {
  return type === "timestamp" ? "TIMESTAMP WITH TIME ZONE" : sqlType(type);
}

function fitsDecimal(source: string, { precision, scale }: { precision: number; scale: number }): boolean {
  const match = /^DECIMAL\((\d+),(\d+)\)$/.exec(source);
  const digits = match ? Number(match[1]) - Number(match[2]) : INTEGER_DIGITS[source];
  const places = match ? Number(match[2]) : 0;
  return digits !== undefined && digits <= precision - scale && places <= scale;
}

function typeProblem(source: SqlType, type: DataType): string {
  const wanted = sqlType(type);
  const given = source.kind === "primitive" ? source.name : `a ${source.kind}`;
  const hint =
    given === "HUGEINT"
      ? "; SUM of integers gives HUGEINT"
      : given === "TIMESTAMP" && wanted === "TIMESTAMPTZ"
        ? "; a TIMESTAMP has no zone"
        : given === "INTEGER"
          ? "; a bare NULL counts as INTEGER"
          : "";
  return `is ${given} in the source and ${wanted} in the table${hint}: write CAST(… AS ${wanted})`;
}

function unknownColumn(name: string, struct: StructType, path?: string): CinelakeError {
  const known = struct.fields.map((field) => field.name).join(", ");
  const what = path === undefined ? "a column of the table" : `a field of ${path}`;
  return mismatch(path === undefined ? name : `${path}.${name}`, `is not ${what} (${known}); mergeSchema would add it`);
}

function mismatch(column: string, problem: string): CinelakeError {
  return new CinelakeError("delta_schema_mismatch", `Column ${column} ${problem}.`, { details: { column } });
}

/** DuckDB's error for a null that is not allowed as `delta_schema_mismatch`; other errors as they are. */
export function explainNull(error: unknown): unknown {
  const column = markedText(error, NULL_MARK);
  if (column === undefined) return error;
  return new CinelakeError("delta_schema_mismatch", `Column ${column} takes no null, but the source holds one.`, {
    details: { column },
  });
}
