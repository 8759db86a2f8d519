import { CinelakeError } from "@cinelake/contracts/errors";
import type { DataType, StructField, StructType } from "../api.ts";
import type { SqlColumn } from "../engine.ts";
import { parseSqlType, type SqlType } from "../sql/sql_type.ts";

const DELTA_TYPES: Readonly<Record<string, string>> = {
  VARCHAR: "string",
  BIGINT: "long",
  INTEGER: "integer",
  SMALLINT: "short",
  TINYINT: "byte",
  UTINYINT: "short",
  USMALLINT: "integer",
  UINTEGER: "long",
  FLOAT: "float",
  DOUBLE: "double",
  BOOLEAN: "boolean",
  BLOB: "binary",
  DATE: "date",
  "TIMESTAMP WITH TIME ZONE": "timestamp",
  TIMESTAMP: "timestamp_ntz",
  TIMESTAMP_S: "timestamp_ntz",
  TIMESTAMP_MS: "timestamp_ntz",
};

/** The Delta schema of DuckDB's columns, all nullable; fails with `delta_schema_mismatch` for a type that Delta lacks. */
export function schemaOfColumns(columns: readonly SqlColumn[]): StructType {
  return {
    type: "struct",
    fields: columns.map(({ name, type }) => nullableField(name, deltaType(parseSqlType(type), name))),
  };
}

/** The schema with the columns and nested fields that only `source` has behind its own; the same object if there are none. */
export function mergeSchema(schema: StructType, source: StructType): StructType {
  const fields = schema.fields.map((field) => {
    const other = source.fields.find(({ name }) => name === field.name);
    const type = other ? mergeType(field.type, other.type) : field.type;
    return type === field.type ? field : { ...field, type };
  });
  const added = source.fields
    .filter(({ name }) => !schema.fields.some((field) => field.name === name))
    .map((field) => ({ ...field, nullable: true }));
  if (added.length === 0 && fields.every((field, index) => field === schema.fields[index])) return schema;
  return { type: "struct", fields: [...fields, ...added] };
}

function mergeType(type: DataType, source: DataType): DataType {
  if (typeof type === "string" || typeof source === "string") return type;
  if (type.type === "struct" && source.type === "struct") return mergeSchema(type, source);
  if (type.type === "array" && source.type === "array") {
    const elementType = mergeType(type.elementType, source.elementType);
    return elementType === type.elementType ? type : { ...type, elementType };
  }
  if (type.type === "map" && source.type === "map") {
    const valueType = mergeType(type.valueType, source.valueType);
    return valueType === type.valueType ? type : { ...type, valueType };
  }
  return type;
}

function deltaType(type: SqlType, path: string): DataType {
  switch (type.kind) {
    case "struct":
      return {
        type: "struct",
        fields: type.fields.map((field) => nullableField(field.name, deltaType(field.type, `${path}.${field.name}`))),
      };
    case "list":
      return { type: "array", elementType: deltaType(type.element, `${path}.element`), containsNull: true };
    case "map":
      return {
        type: "map",
        keyType: deltaType(type.key, `${path}.key`),
        valueType: deltaType(type.value, `${path}.value`),
        valueContainsNull: true,
      };
    case "primitive": {
      const decimal = /^DECIMAL\(\d+,\d+\)$/.test(type.name) ? type.name.toLowerCase() : undefined;
      const known = DELTA_TYPES[type.name] ?? decimal;
      if (known) return known;
      throw new CinelakeError(
        "delta_schema_mismatch",
        `Column ${path} is ${type.name} in the source, which Delta has no type for: write CAST(… AS …).`,
        { details: { column: path } },
      );
    }
  }
}

function nullableField(name: string, type: DataType): StructField {
  return { name, type, nullable: true, metadata: {} };
}
