import type { SqlEngine } from "../engine.ts";
import { parquetSchemas } from "../sql/parquet_relation.ts";

/** An element of a Parquet file's schema. */
export interface ParquetNode {
  readonly name: string;
  readonly fieldId: number | undefined;
  readonly isRepeated: boolean;
  readonly children: readonly ParquetNode[];
}

interface SchemaRow {
  readonly file_name: string;
  readonly name: string;
  readonly repetition_type: string | null;
  readonly num_children: number | null;
  readonly field_id: number | null;
}

/** The schemas of Parquet files, by path. */
export async function parquetTrees(
  engine: SqlEngine,
  paths: readonly string[],
): Promise<ReadonlyMap<string, ParquetNode>> {
  const distinct = Array.from(new Set(paths));
  if (distinct.length === 0) return new Map();
  await using session = await engine.session();
  const rows = await session.rows<SchemaRow>(
    `SELECT file_name, name, repetition_type, num_children, field_id FROM ${parquetSchemas(distinct)} ORDER BY file_name, column_id`,
  );
  const trees = new Map<string, ParquetNode>();
  for (let at = 0; at < rows.length;) {
    const file = rows[at]!.file_name;
    const { node, next } = nodeAt(rows, at);
    trees.set(file, node);
    at = next;
  }
  return trees;
}

/** The element at a place of the depth-first list, and the place after it. */
function nodeAt(rows: readonly SchemaRow[], at: number): { node: ParquetNode; next: number } {
  const { name, repetition_type: repetition, num_children: count, field_id: id } = rows[at]!;
  const children: ParquetNode[] = [];
  let next = at + 1;
  for (let child = 0; child < Number(count ?? 0); child++) {
    const found = nodeAt(rows, next);
    children.push(found.node);
    next = found.next;
  }
  return { node: { name, fieldId: id ?? undefined, isRepeated: repetition === "REPEATED", children }, next };
}

/** The element of a list's group (Parquet's LogicalTypes.md, backward-compatibility rules of lists). */
export function elementOf(list: ParquetNode): ParquetNode | undefined {
  const repeated = list.isRepeated ? list : list.children[0];
  if (!repeated) return undefined;
  const isElement =
    repeated.children.length !== 1 || repeated.name === "array" || repeated.name === `${list.name}_tuple`;
  return isElement ? repeated : repeated.children[0];
}

/** Key and value of a map's group. */
export function entryOf(map: ParquetNode): readonly [key?: ParquetNode, value?: ParquetNode] {
  const [key, value] = map.children[0]?.children ?? [];
  return [key, value];
}
