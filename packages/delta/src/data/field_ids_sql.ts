import type { DataType, StructField } from "../api.ts";
import { fieldId } from "../schema/column_mapping.ts";
import { quoteName } from "../sql/quote.ts";

/** DuckDB's FIELD_IDS value for columns of a mapped table: the ids of all fields that have one, at any depth. */
export function fieldIdsSql(columns: readonly StructField[]): string {
  return `{${fieldEntries(columns).join(", ")}}`;
}

function fieldEntries(fields: readonly StructField[]): string[] {
  return fields.flatMap((field) => entry(field.name, fieldId(field), field.type));
}

/** `name: ids` of a field or an element; none where nothing in it has an id. */
function entry(name: string, id: number | undefined, type: DataType): string[] {
  const inner = childEntries(type);
  if (inner.length === 0) return id === undefined ? [] : [`${quoteName(name)}: ${id}`];
  const own = id === undefined ? [] : [`__duckdb_field_id: ${id}`];
  return [`${quoteName(name)}: {${[...own, ...inner].join(", ")}}`];
}

function childEntries(type: DataType): string[] {
  if (typeof type === "string") return [];
  if (type.type === "struct") return fieldEntries(type.fields);
  if (type.type === "array") return entry("element", undefined, type.elementType);
  return [...entry("key", undefined, type.keyType), ...entry("value", undefined, type.valueType)];
}
