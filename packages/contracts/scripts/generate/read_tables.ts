import { parse } from "yaml";
import type { ColumnSpec, Layer, TableSpec } from "../../src/table_spec.ts";

/** Place of a table's own columns in its `include` list; without it they come first. */
const OWN = "own";
const SCALARS = ["string", "long", "integer", "float", "double", "boolean", "date", "timestamp"];
const TYPES = new Set([...SCALARS, ...SCALARS.map((type) => `array<${type}>`)]);
const COLUMN_KEYS = new Set(
  ["name", "type", "nullable", "description", "min", "max", "min_length", "max_length"].concat([
    "references",
    "source",
    "expression",
    "derived",
    "joined",
  ]),
);
const TABLE_KEYS = new Set([
  "description",
  "columns",
  "include",
  "primary_key",
  "granularity",
  "source",
  "dedupe",
  "max_failed_fraction",
]);
const NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;

interface TableText extends Partial<Omit<TableSpec, "name" | "layer" | "partition_columns">> {
  readonly include?: readonly string[];
}
interface LayerText {
  readonly layer: Layer;
  readonly partition_by: string;
  readonly column_groups?: Readonly<Record<string, readonly ColumnSpec[]>>;
  readonly tables: Readonly<Record<string, TableText>>;
}

/**
 * Specifications of all tables from the text of the layers' YAML files: groups merged in, the partition column last.
 * Throws one Error that lists every mistake: unknown keys, types, groups or columns, names that are not snake_case.
 */
export function readTables(yamlTexts: readonly string[]): TableSpec[] {
  const tables = yamlTexts.flatMap((text) => tablesOfLayer(parse(text) as LayerText));
  const problems = tables.flatMap((table) => problemsOf(table, new Set(tables.map(({ name }) => name))));
  if (problems.length > 0) throw new Error(`schemas/lakehouse: ${problems.join("; ")}`);
  return tables;
}

function tablesOfLayer({ layer, partition_by, column_groups = {}, tables }: LayerText): TableSpec[] {
  return Object.entries(tables).map(([name, text]) => {
    for (const key of Object.keys(text)) if (!TABLE_KEYS.has(key)) throw new Error(`${name}: unknown key ${key}`);
    const { include = [], columns: own = [], description = "", primary_key = [], granularity, ...rest } = text;
    const order = include.includes(OWN) ? include : [OWN, ...include];
    const merged = order.flatMap((group) => {
      const columns = group === OWN ? own : column_groups[group];
      if (!columns) throw new Error(`${name}: no column group ${group}`);
      return columns;
    });
    const partition = merged.filter((column) => column.name === partition_by);
    const columns = [...merged.filter((column) => column.name !== partition_by), ...partition];
    return {
      name,
      layer,
      description,
      columns,
      primary_key,
      partition_columns: partition.map((column) => column.name),
      ...(partition.length > 0 && { granularity: granularity ?? "day" }),
      ...rest,
    };
  });
}

function problemsOf(table: TableSpec, tableNames: ReadonlySet<string>): string[] {
  const problems: string[] = [];
  const say = (problem: string) => problems.push(`${table.name}: ${problem}`);
  const names = table.columns.map(({ name }) => name);
  if (!NAME.test(table.name) || !table.name.startsWith(`${table.layer}_`))
    say("is not a snake_case name with its layer");
  if (!table.description) say("has no description");
  if (table.primary_key.length === 0) say("has no primary key");
  for (const name of names) if (names.indexOf(name) !== names.lastIndexOf(name)) say(`has column ${name} twice`);
  const order = table.dedupe?.order.map((item) => item.replace(/ (ASC|DESC)$/, "")) ?? [];
  const sourceColumns = new Set(["row_number"]);
  for (const name of [...table.primary_key, ...(table.dedupe?.key ?? []), ...order]) {
    if (!names.includes(name) && !sourceColumns.has(name)) say(`has no column ${name}`);
  }
  const { table: from, left_join: join } = table.source ?? {};
  for (const other of [from, join?.table])
    if (other && !tableNames.has(other)) say(`reads ${other}, which does not exist`);
  for (const column of table.columns) {
    for (const key of Object.keys(column)) if (!COLUMN_KEYS.has(key)) say(`${column.name} has unknown key ${key}`);
    if (!NAME.test(column.name)) say(`${column.name} is not snake_case`);
    if (!TYPES.has(column.type)) say(`${column.name} has unknown type ${column.type}`);
    if (typeof column.nullable !== "boolean") say(`${column.name} does not say whether it is nullable`);
    if (!column.description) say(`${column.name} has no description`);
    if (column.references && !tableNames.has(column.references)) say(`${column.name} references ${column.references}`);
  }
  return problems;
}
