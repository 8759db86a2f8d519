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

/** The schema without ids and physical names, at any depth: those of one table mean nothing in another. */
export function withoutMapping(schema: StructType): StructType {
  return unmapped(schema) as StructType;
}

function unmapped(type: DataType): DataType {
  if (typeof type === "string") return type;
  switch (type.type) {
    case "struct": {
      const fields = type.fields.map((field) => {
        const { [FIELD_ID]: _id, [PHYSICAL_NAME]: _name, ...metadata } = field.metadata ?? {};
        return { ...field, type: unmapped(field.type), metadata };
      });
      return { ...type, fields };
    }
    case "array":
      return { ...type, elementType: unmapped(type.elementType) };
    case "map":
      return { ...type, keyType: unmapped(type.keyType), valueType: unmapped(type.valueType) };
  }
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
