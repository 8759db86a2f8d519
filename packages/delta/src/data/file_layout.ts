import { CinelakeError } from "@cinelake/contracts/errors";
import type { DataType, StructField, StructType } from "../api.ts";
import { fieldId, mappingMode, physicalName, type MappingMode } from "../schema/column_mapping.ts";
import type { TableState } from "../log/state.ts";
import type { SqlEngine } from "../engine.ts";
import { dataColumns, sqlType } from "../schema/types.ts";
import { quoteText } from "../sql/quote.ts";
import { elementOf, entryOf, parquetTrees, type ParquetNode } from "./parquet_tree.ts";

const TYPE_CHANGES = "delta.typeChanges";

/** How one of the table's columns lies in a file. */
interface ColumnLayout {
  /** Its name in the file; undefined where the file lacks it. */
  readonly nameInFile: string | undefined;
  /** Type to read it as: names within are the file's. */
  readonly type: DataType;
  /** SQL of the column's value under the table's names, from what was read. */
  value(read: string): string;
}
/** Of each column of the table that lies in files, by name. */
export type FileLayout = ReadonlyMap<string, ColumnLayout>;

/**
 * The layout of each file; files that share one share its object. Footers are read only if they matter: in mode `id`, and for structs of a
 * mapped table, of which a file may have none of the fields. A file without ids in mode `id` is refused with `delta_corrupt` (PROTOCOL.md).
 */
export async function fileLayouts(
  engine: SqlEngine,
  { schema, metadata }: Pick<TableState, "schema" | "metadata">,
  paths: readonly string[],
): Promise<FileLayout[]> {
  const mode = mappingMode(metadata.configuration);
  const columns = dataColumns(schema, metadata.partitionColumns);
  if (mode === "none" || (mode === "name" && columns.every(({ type }) => !holdsStruct(type)))) {
    const layout = layoutOf(columns, mode, undefined);
    return paths.map(() => layout);
  }
  const trees = await parquetTrees(engine, paths);
  const layouts = new Map<string, FileLayout>();
  return paths.map((path) => {
    const tree = trees.get(path);
    if (!tree) throw new CinelakeError("delta_corrupt", `The Parquet file ${path} has no schema.`);
    if (mode === "id" && !hasIds(tree)) {
      throw new CinelakeError("delta_corrupt", `The file ${path} has no field ids, by which its table finds columns.`);
    }
    const key = shapeOf(tree);
    const layout = layouts.get(key) ?? layoutOf(columns, mode, tree);
    layouts.set(key, layout);
    return layout;
  });
}

function layoutOf(columns: readonly StructField[], mode: MappingMode, tree: ParquetNode | undefined): FileLayout {
  return new Map(columns.map((field) => [field.name, columnLayout(field, mode, tree)]));
}

function columnLayout(field: StructField, mode: MappingMode, tree: ParquetNode | undefined): ColumnLayout {
  const node = tree && childOf(tree, field, mode);
  if (tree && !node) return { nameInFile: undefined, type: field.type, value: (read) => read };
  const same: TypeLayout = { type: field.type, value: (read) => read };
  const { type, value } = node ? typeLayout(field.type, node, mode, 0) : same;
  return {
    nameInFile: node?.name ?? physicalName(field, mode),
    type,
    value: hasTypeChanges(field) ? (read) => unfiltered(read, value(read)) : value,
  };
}

/**
 * The value, of a column whose files may be of a narrower type. DuckDB would compare the files' values with a filter's value that it has cast to
 * their type, which loses rows (7 < 7.4 becomes 7 < 7); it does not do so with an expression.
 */
function unfiltered(read: string, value: string): string {
  return `CASE WHEN ${read} IS NULL THEN NULL ELSE ${value} END`;
}

interface TypeLayout {
  readonly type: DataType;
  value(read: string): string;
}

function typeLayout(type: DataType, node: ParquetNode, mode: MappingMode, depth: number): TypeLayout {
  const same = { type, value: (read: string) => read };
  if (typeof type === "string") return same;
  if (type.type === "struct") return structLayout(type, node, mode, depth);
  const variable = `l${depth}`;
  if (type.type === "array") {
    const element = elementOf(node);
    if (!element || !holdsStruct(type.elementType)) return same;
    const inner = typeLayout(type.elementType, element, mode, depth + 1);
    return {
      type: { ...type, elementType: inner.type },
      value: (read) => `list_transform(${read}, lambda ${variable}: ${inner.value(variable)})`,
    };
  }
  const [keyNode, valueNode] = entryOf(node);
  if (!keyNode || !valueNode || !holdsStruct(type)) return same;
  const key = typeLayout(type.keyType, keyNode, mode, depth + 1);
  const value = typeLayout(type.valueType, valueNode, mode, depth + 1);
  const entry = `{'key': ${key.value(`${variable}.key`)}, 'value': ${value.value(`${variable}.value`)}}`;
  return {
    type: { ...type, keyType: key.type, valueType: value.type },
    value: (read) => `map_from_entries(list_transform(map_entries(${read}), lambda ${variable}: ${entry}))`,
  };
}

function structLayout(type: StructType, node: ParquetNode, mode: MappingMode, depth: number): TypeLayout {
  const found = type.fields.map((field) => {
    const child = childOf(node, field, mode);
    return { field, child, inner: child && typeLayout(field.type, child, mode, depth) };
  });
  const read = found.flatMap(({ field, child, inner }): StructField[] =>
    child && inner ? [{ ...field, name: child.name, type: inner.type }] : [],
  );
  // DuckDB reads no struct without one of its fields; any will do to know where it is null.
  const fields = read.length > 0 ? read : node.children.slice(0, 1).map(textField);
  return {
    type: { ...type, fields },
    value: (struct) => {
      const values = found.map(({ field, child, inner }) => {
        const value = child && inner && inner.value(`struct_extract(${struct}, ${quoteText(child.name)})`);
        return `${quoteText(field.name)}: ${value ?? `CAST(NULL AS ${sqlType(field.type)})`}`;
      });
      return `CASE WHEN ${struct} IS NULL THEN NULL ELSE {${values.join(", ")}} END`;
    },
  };
}

/** Whether a column or something within it was of another type once (PROTOCOL.md, type widening). */
function hasTypeChanges({ type, metadata }: StructField): boolean {
  return metadata?.[TYPE_CHANGES] !== undefined || fieldsWithin(type).some(hasTypeChanges);
}

/** The column, for files that may hold it in a narrower type without its saying so: those of before a whole new schema. */
export function withTypeChanges(field: StructField): StructField {
  return { ...field, metadata: { [TYPE_CHANGES]: [], ...field.metadata } };
}

function fieldsWithin(type: DataType): readonly StructField[] {
  if (typeof type === "string") return [];
  if (type.type === "struct") return type.fields;
  if (type.type === "array") return fieldsWithin(type.elementType);
  return [...fieldsWithin(type.keyType), ...fieldsWithin(type.valueType)];
}

function textField({ name }: ParquetNode): StructField {
  return { name, type: "string", nullable: true, metadata: {} };
}

/** Where a field lies among an element's children. Columns without id, such as those of the change data feed, go by name. */
function childOf(parent: ParquetNode, field: StructField, mode: MappingMode): ParquetNode | undefined {
  const id = mode === "id" ? fieldId(field) : undefined;
  if (id !== undefined) return parent.children.find((child) => child.fieldId === id);
  const name = physicalName(field, mode);
  return parent.children.find((child) => child.name === name);
}

function holdsStruct(type: DataType): boolean {
  return fieldsWithin(type).length > 0;
}

function hasIds(node: ParquetNode): boolean {
  return node.fieldId !== undefined || node.children.some(hasIds);
}

function shapeOf({ name, fieldId: id, children }: ParquetNode): string {
  return `${JSON.stringify(name)}${id ?? ""}(${children.map(shapeOf).join()})`;
}
