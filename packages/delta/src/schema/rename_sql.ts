import type { DataType, StructField } from "../api.ts";
import { quoteText } from "../sql/quote.ts";

/**
 * SQL of a value of the type whose struct fields are named by `from`, with its fields named by `to`; the value itself where no name
 * differs. Nulls stay.
 */
export function renameFieldsSql(
  value: string,
  type: DataType,
  from: (field: StructField) => string,
  to: (field: StructField) => string,
  depth = 0,
): string {
  if (!differs(type, from, to)) return value;
  if (typeof type === "string") return value;
  if (type.type === "struct") {
    const fields = type.fields.map((field) => {
      const inner = `struct_extract(${value}, ${quoteText(from(field))})`;
      return `${quoteText(to(field))}: ${renameFieldsSql(inner, field.type, from, to, depth)}`;
    });
    return `CASE WHEN ${value} IS NULL THEN NULL ELSE {${fields.join(", ")}} END`;
  }
  const name = `r${depth}`;
  const renamed = (inner: string, element: DataType): string => renameFieldsSql(inner, element, from, to, depth + 1);
  if (type.type === "array") return `list_transform(${value}, lambda ${name}: ${renamed(name, type.elementType)})`;
  const entry = `{'key': ${renamed(`${name}.key`, type.keyType)}, 'value': ${renamed(`${name}.value`, type.valueType)}}`;
  return `map_from_entries(list_transform(map_entries(${value}), lambda ${name}: ${entry}))`;
}

function differs(type: DataType, from: (field: StructField) => string, to: (field: StructField) => string): boolean {
  if (typeof type === "string") return false;
  if (type.type === "array") return differs(type.elementType, from, to);
  if (type.type === "map") return differs(type.keyType, from, to) || differs(type.valueType, from, to);
  return type.fields.some((field) => from(field) !== to(field) || differs(field.type, from, to));
}
