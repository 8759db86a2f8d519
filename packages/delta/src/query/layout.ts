import type { TableState } from "../log/state.ts";
import { mappingMode, type MappingMode } from "../schema/column_mapping.ts";
import type { StructType } from "../api.ts";

/** What pruning must know of a table to read its files' partition values and statistics. */
export interface Layout {
  readonly schema: StructType;
  readonly partitionColumns: readonly string[];
  readonly mode: MappingMode;
}

export function layoutOf({ schema, metadata }: Pick<TableState, "schema" | "metadata">): Layout {
  return { schema, partitionColumns: metadata.partitionColumns, mode: mappingMode(metadata.configuration) };
}
