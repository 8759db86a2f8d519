import type { ColumnSpec, TableSpec } from "../../src/table_spec.ts";
import { GENERATED, markdownTable } from "./text.ts";

/** docs/tables.md. */
export function tablePage(tables: readonly TableSpec[]): string {
  const sections = (["bronze", "silver", "gold"] as const).flatMap((layer) => [
    `## ${layer[0]?.toUpperCase()}${layer.slice(1)}\n`,
    ...tables.filter((table) => table.layer === layer).map(tableSection),
  ]);
  return `${["<!-- " + GENERATED + " -->", "# Tables\n", ...sections].join("\n").trimEnd()}\n`;
}

function tableSection(table: TableSpec): string {
  return [
    `### ${table.name}\n`,
    `${table.description}\n`,
    markdownTable(["Column", "Type", "Null", "Rules", "Meaning"], table.columns.map(columnRow)),
    "",
  ].join("\n");
}

function columnRow(column: ColumnSpec): string[] {
  return [`\`${column.name}\``, column.type, column.nullable ? "yes" : "no", "", column.description];
}
