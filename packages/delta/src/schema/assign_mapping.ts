import { randomUUID } from "node:crypto";
import type { DataType, StructField, StructType } from "../api.ts";
import { FIELD_ID, fieldId, mappingMode, MAX_COLUMN_ID, PHYSICAL_NAME } from "./column_mapping.ts";

/**
 * Gives each field of a column-mapped table the id and the physical name that it lacks (PROTOCOL.md, column mapping). Fields of the
 * table's `old` schema (by name) keep theirs; one that was there before the table was mapped goes by its own name, for files hold it,
 * and every new one by a name that is nowhere else.
 */
export function assignColumnMapping(
  schema: StructType,
  configuration: Readonly<Record<string, string>>,
  old?: StructType,
): { schema: StructType; configuration: Readonly<Record<string, string>> } {
  if (mappingMode(configuration) === "none") return { schema, configuration };
  let last = Math.max(Number(configuration[MAX_COLUMN_ID] ?? 0), greatestId(schema), old ? greatestId(old) : 0);
  const assignStruct = (struct: StructType, old: DataType | undefined): StructType => {
    const oldFields = typeof old === "object" && old.type === "struct" ? old.fields : [];
    const fields = struct.fields.map((field): StructField => {
      const before = oldFields.find(({ name }) => name === field.name);
      const type = assignType(field.type, before?.type);
      const inherited = before?.metadata ?? {};
      const id = fieldId(field) ?? inherited[FIELD_ID] ?? ++last;
      const name =
        field.metadata?.[PHYSICAL_NAME] ?? inherited[PHYSICAL_NAME] ?? (before ? field.name : `col-${randomUUID()}`);
      if (type === field.type && field.metadata?.[FIELD_ID] === id && field.metadata[PHYSICAL_NAME] === name)
        return field;
      return { ...field, type, metadata: { ...field.metadata, [FIELD_ID]: id, [PHYSICAL_NAME]: name } };
    });
    return fields.every((field, index) => field === struct.fields[index]) ? struct : { ...struct, fields };
  };
  const assignType = (type: DataType, old: DataType | undefined): DataType => {
    if (typeof type === "string") return type;
    const before = typeof old === "object" ? old : undefined;
    if (type.type === "struct") return assignStruct(type, before);
    if (type.type === "array") {
      const elementType = assignType(type.elementType, before?.type === "array" ? before.elementType : undefined);
      return elementType === type.elementType ? type : { ...type, elementType };
    }
    const keyType = assignType(type.keyType, before?.type === "map" ? before.keyType : undefined);
    const valueType = assignType(type.valueType, before?.type === "map" ? before.valueType : undefined);
    return keyType === type.keyType && valueType === type.valueType ? type : { ...type, keyType, valueType };
  };
  const assigned = assignStruct(schema, old);
  return { schema: assigned, configuration: { ...configuration, [MAX_COLUMN_ID]: String(last) } };
}

function greatestId(type: DataType): number {
  if (typeof type === "string") return 0;
  if (type.type === "array") return greatestId(type.elementType);
  if (type.type === "map") return Math.max(greatestId(type.keyType), greatestId(type.valueType));
  return Math.max(0, ...type.fields.map((field) => Math.max(fieldId(field) ?? 0, greatestId(field.type))));
}
