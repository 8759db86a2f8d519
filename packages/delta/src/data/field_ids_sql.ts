import type { DataType, StructField } from "../api.ts";
import { fieldId } from "../schema/column_mapping.ts";
import { quoteName } from "../sql/quote.ts";

/** DuckDB's FIELD_IDS value for columns of a mapped table: the ids of all fields that have one, at any depth. */
export function fieldIdsSql(columns: readonly StructField[]): string {
  return `{${columns.flatMap(fieldEntry).join(", ")}}`;
}

/** None for a field without any id, such as that of the change data feed: DuckDB takes no empty list of them. */
function fieldEntry(field: StructField): string[] {
  const { name, type } = field;
  const id = fieldId(field);
  return id === undefined && childIds(type).length === 0 ? [] : [`${quoteName(name)}: ${idOf(id, type)}`];
}

function idOf(id: number | undefined, type: DataType): string {
  const own = id === undefined ? [] : [`__duckdb_field_id: ${id}`];
  const inner = childIds(type);
  if (inner.length === 0 && id !== undefined) return String(id);
  return `{${[...own, ...inner].join(", ")}}`;
}

function childIds(type: DataType): string[] {
  if (typeof type === "string") return [];
  if (type.type === "struct") {
    return type.fields.flatMap(fieldEntry);
  }
  const children: readonly (readonly [string, DataType])[] =
    type.type === "array"
      ? [["element", type.elementType]]
      : [
          ["key", type.keyType],
          ["value", type.valueType],
        ];
  return children.flatMap(([name, child]) =>
    childIds(child).length > 0 ? [`${name}: ${idOf(undefined, child)}`] : [],
  );
}
