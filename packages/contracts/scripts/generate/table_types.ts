import type { ColumnSpec, ColumnType, TableSpec } from "../../src/table_spec.ts";
import { GENERATED } from "./text.ts";

/** src/generated/tables.ts: TABLES, TableName, TableRows and an interface per row. */
export function tableTypes(tables: readonly TableSpec[]): string {
  return [
    `// ${GENERATED}`,
    'import type { TableSpec } from "../table_spec.ts";\n',
    "/** Specification of every table, by name. */",
    "export const TABLES = {",
    ...tables.map(specText),
    "} as const satisfies Readonly<Record<string, TableSpec>>;\n",
    "export type TableName = keyof typeof TABLES;\n",
    ...tables.map(rowText),
    "/** Row type of every table. */",
    "export interface TableRows {",
    ...tables.map(({ name }) => `  readonly ${name}: ${rowName(name)};`),
    "}\n",
  ].join("\n");
}

function specText({ columns, ...spec }: TableSpec): string {
  const { name, layer, description, ...rest } = spec;
  return [
    `  ${name}: {`,
    ...Object.entries({ name, layer, description }).map(([key, value]) => `    ${key}: ${JSON.stringify(value)},`),
    "    columns: [",
    ...columns.map((column) => `      ${inline(column)},`),
    "    ],",
    ...Object.entries(rest).map(([key, value]) => `    ${key}: ${inline(value)},`),
    "  },",
  ].join("\n");
}

/** A JSON value as a TypeScript literal on one line. */
function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([key, item]) => `${key}: ${inline(item)}`)
    .join(", ")} }`;
}

function rowText({ name, description, columns }: TableSpec): string {
  const fields = columns.map(
    (column) => `  /** ${column.description} */\n  readonly ${column.name}: ${fieldType(column)};`,
  );
  return `/** Row of ${name}. ${description} */\nexport type ${rowName(name)} = {\n${fields.join("\n")}\n};\n`;
}

function rowName(table: string): string {
  return `${table
    .split("_")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("")}Row`;
}

function fieldType({ type, nullable }: ColumnSpec): string {
  return nullable ? `${valueType(type)} | null` : valueType(type);
}

function valueType(type: ColumnType): string {
  const element = /^array<(\w+)>$/.exec(type)?.[1];
  if (element) {
    const item = valueType(element as ColumnType);
    return item.includes("|") ? `readonly (${item})[]` : `readonly ${item}[]`;
  }
  if (type === "boolean") return "boolean";
  if (type === "timestamp") return "string | Date";
  return type === "string" || type === "date" ? "string" : "number";
}
