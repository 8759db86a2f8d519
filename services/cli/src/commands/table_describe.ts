import type { DataType } from "@cinelake/delta";
import type { LoneCommand } from "../command.ts";
import { PATH_HELP, withTable } from "./table_place.ts";

export const tableDescribeCommand: LoneCommand = {
  name: "table describe",
  summary: `Says what a Delta table is: columns, properties, protocol, size. ${PATH_HELP}`,
  arguments: ["PATH"],
  options: {},
  async runAlone(context) {
    const { schema, properties, ...described } = await withTable(context, "read", (table) => table.describe());
    const columns = schema.fields.map(({ name, type, nullable }) => ({
      name,
      type: typeText(type),
      nullable,
      partition: described.partitionColumns.includes(name),
    }));
    // As a list, for the names of properties are not ours to put into snake_case.
    const listed = Object.entries(properties).map(([name, value]) => ({ name, value }));
    const { name = null, description = null, createdAt = null, rows = null, ...rest } = described;
    const json = { ...rest, name, description, createdAt, rows, columns, properties: listed };
    const time = (milliseconds: number | null): string =>
      milliseconds === null ? "?" : new Date(milliseconds).toISOString();
    const lines = [
      `location   ${rest.location}`,
      ...(name === null ? [] : [`name       ${name}`]),
      ...(description === null ? [] : [`about      ${description}`]),
      `id         ${rest.id}`,
      `version    ${rest.version}, ${time(rest.lastModified)}, made ${time(createdAt)}`,
      `size       ${rows ?? "?"} rows, ${rest.files} files, ${rest.bytes} bytes`,
      `protocol   reader ${rest.minReaderVersion}, writer ${rest.minWriterVersion}: ${rest.features.join(", ")}`,
      ...columns.map(
        (column) =>
          `column     ${column.name} ${column.type}${column.nullable ? "" : " not null"}${column.partition ? " (partition)" : ""}`,
      ),
      ...listed.map((property) => `property   ${property.name} = ${property.value}`),
    ];
    return { json, text: lines.join("\n") };
  },
};

/** As Spark writes types: `array<long>`, `map<string,double>`, `struct<a:long>`. */
function typeText(type: DataType): string {
  if (typeof type === "string") return type;
  switch (type.type) {
    case "array":
      return `array<${typeText(type.elementType)}>`;
    case "map":
      return `map<${typeText(type.keyType)},${typeText(type.valueType)}>`;
    case "struct":
      return `struct<${type.fields.map((field) => `${field.name}:${typeText(field.type)}`).join(",")}>`;
  }
}
