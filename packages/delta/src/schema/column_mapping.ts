import type { DataType, StructField, StructType } from "../api.ts";

/** How columns are found in data files: by their own name, by `physicalName`, or by Parquet's field id (PROTOCOL.md, column mapping). */
export type MappingMode = "none" | "name" | "id";

export const PHYSICAL_NAME = "delta.columnMapping.physicalName";
export const FIELD_ID = "delta.columnMapping.id";
export const MAX_COLUMN_ID = "delta.columnMapping.maxColumnId";

export function mappingMode(configuration: Readonly<Record<string, string>>): MappingMode {
  const mode = configuration["delta.columnMapping.mode"] ?? "none";
  return mode === "name" || mode === "id" ? mode : "none";
}

/** The field's name in data files, partition values and statistics. */
export function physicalName(field: StructField, mode: MappingMode): string {
  const name = mode === "none" ? undefined : field.metadata?.[PHYSICAL_NAME];
  return typeof name === "string" ? name : field.name;
}

/** The field's id in data files; undefined where the table has none. */
export function fieldId(field: StructField): number | undefined {
  const id = field.metadata?.[FIELD_ID];
  return typeof id === "number" ? id : undefined;
}

/** The type with physical names in all its structs. */
function physicalType(type: DataType, mode: MappingMode): DataType {
  if (typeof type === "string" || mode === "none") return type;
  switch (type.type) {
    case "struct":
      return physicalSchema(type, mode);
    case "array":
      return { ...type, elementType: physicalType(type.elementType, mode) };
    case "map":
      return { ...type, keyType: physicalType(type.keyType, mode), valueType: physicalType(type.valueType, mode) };
  }
}

export function physicalSchema(schema: StructType, mode: MappingMode): StructType {
  return {
    ...schema,
    fields: schema.fields.map((field) => ({
      ...field,
      name: physicalName(field, mode),
      type: physicalType(field.type, mode),
    })),
  };
}
