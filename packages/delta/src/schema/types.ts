import { CinelakeError } from "@cinelake/contracts/errors";
import type { DataType, StructField, StructType } from "../api.ts";
import { quoteName } from "../sql/quote.ts";

const SQL_TYPES: Readonly<Record<string, string>> = {
  string: "VARCHAR",
  long: "BIGINT",
  integer: "INTEGER",
  short: "SMALLINT",
  byte: "TINYINT",
  float: "FLOAT",
  double: "DOUBLE",
  boolean: "BOOLEAN",
  binary: "BLOB",
  date: "DATE",
  timestamp: "TIMESTAMPTZ",
  timestamp_ntz: "TIMESTAMP",
};

/** DuckDB's type for a Delta type; fails with `delta_unsupported` for a type that this package does not know. */
export function sqlType(type: DataType): string {
  if (typeof type === "string") {
    const known = SQL_TYPES[type] ?? decimalType(type);
    if (known) return known;
    throw new CinelakeError("delta_unsupported", `The column type ${type} is not supported.`, { details: { type } });
  }
  switch (type.type) {
    case "struct":
      return `STRUCT(${type.fields.map((field) => `${quoteName(field.name)} ${sqlType(field.type)}`).join(", ")})`;
    case "array":
      return `${sqlType(type.elementType)}[]`;
    case "map":
      return `MAP(${sqlType(type.keyType)}, ${sqlType(type.valueType)})`;
  }
}

function decimalType(type: string): string | undefined {
  const match = /^decimal\((\d+),\s*(-?\d+)\)$/.exec(type);
  if (!match) return undefined;
  const [precision, scale] = [Number(match[1]), Number(match[2])];
  return precision >= 1 && precision <= 38 && scale >= 0 && scale <= precision
    ? `DECIMAL(${precision},${scale})`
    : undefined;
}

/** Precision and scale of a decimal type, undefined for other types. */
export function decimalSize(type: DataType): { precision: number; scale: number } | undefined {
  const match = typeof type === "string" ? /^decimal\((\d+),\s*(\d+)\)$/.exec(type) : null;
  return match ? { precision: Number(match[1]), scale: Number(match[2]) } : undefined;
}

export function isPrimitive(type: DataType): type is string {
  return typeof type === "string";
}

/** The first type within a type that has no DuckDB type, as text; undefined if there is none. Looks at whatever a schema's JSON may hold. */
export function unknownType(type: unknown): string | undefined {
  if (typeof type === "string") return SQL_TYPES[type] || decimalType(type) ? undefined : type;
  const known = (type ?? {}) as Extract<DataType, object>;
  switch (known.type) {
    case "struct":
      return firstUnknown(known.fields.map((field) => field.type));
    case "array":
      return unknownType(known.elementType);
    case "map":
      return firstUnknown([known.keyType, known.valueType]);
    default:
      return JSON.stringify(type) ?? "none";
  }
}

function firstUnknown(types: readonly unknown[]): string | undefined {
  for (const type of types) {
    const unknown = unknownType(type);
    if (unknown !== undefined) return unknown;
  }
  return undefined;
}

/** Whether a type holds another one anywhere within, e.g. `timestamp_ntz`. */
export function containsType(type: DataType, name: string): boolean {
  if (typeof type === "string") return type === name;
  switch (type.type) {
    case "struct":
      return type.fields.some((field) => containsType(field.type, name));
    case "array":
      return containsType(type.elementType, name);
    case "map":
      return containsType(type.keyType, name) || containsType(type.valueType, name);
  }
}

/** Columns that lie in the data files, in schema order. */
export function dataColumns(schema: StructType, partitionColumns: readonly string[]): readonly StructField[] {
  return schema.fields.filter((field) => !partitionColumns.includes(field.name));
}

export function fieldOf(schema: StructType, name: string): StructField {
  const field = schema.fields.find((candidate) => candidate.name === name);
  if (field) return field;
  const names = schema.fields.map((candidate) => candidate.name).join(", ");
  throw new CinelakeError("invalid_argument", `The table has no column ${name}; its columns are ${names}.`, {
    details: { column: name },
  });
}

/** `metaData.schemaString` to its value; fails with `delta_corrupt` if it is not a schema. */
export function parseSchema(text: string | undefined): StructType {
  try {
    const value: unknown = JSON.parse(text ?? "null");
    if (isStruct(value)) return value;
  } catch (cause) {
    throw new CinelakeError("delta_corrupt", "The table's schemaString is not JSON.", { cause });
  }
  throw new CinelakeError("delta_corrupt", "The table's schemaString is not a struct.");
}

function isStruct(value: unknown): value is StructType {
  return (
    typeof value === "object" &&
    value !== null &&
    (value as StructType).type === "struct" &&
    Array.isArray((value as StructType).fields)
  );
}
