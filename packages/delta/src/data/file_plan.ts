import type { StructField, StructType, TableContext } from "../api.ts";
import type { TableState } from "../log/state.ts";
import { mappingMode, physicalName, physicalSchema } from "../schema/column_mapping.ts";
import { renameFieldsSql } from "../schema/rename_sql.ts";
import { dataColumns } from "../schema/types.ts";
import { quoteName } from "../sql/quote.ts";
import { canonicalTypes } from "../sql/canonical_types.ts";
import { fieldIdsSql } from "./field_ids_sql.ts";
import { indexedLeaves } from "./statistics.ts";

/** How data files of a table are written. Names of columns are those in the files. */
export interface FilePlan {
  readonly schema: StructType;
  readonly partitionColumns: readonly string[];
  /** Columns that lie in the files. */
  readonly columns: readonly StructField[];
  /** Select list that turns the table's columns into these. */
  readonly select: string;
  /** DuckDB's FIELD_IDS, undefined where the table has no ids. */
  readonly fieldIds: string | undefined;
  /** DuckDB's spelling of each column's type. */
  readonly columnTypes: ReadonlyMap<string, string>;
  /** Whether statistics are kept of a leaf column, by its path. */
  readonly isIndexed: (path: readonly string[]) => boolean;
  /** Where a file is ended, bytes. */
  readonly targetFileSize: number;
}

/** The plan by which a state's table wants its files; `extra` columns follow the table's own. */
export async function filePlan(
  context: TableContext,
  { schema: logical, metadata }: Pick<TableState, "schema" | "metadata">,
  extra: readonly StructField[] = [],
): Promise<FilePlan> {
  const mode = mappingMode(metadata.configuration);
  const all: StructType = { ...logical, fields: [...logical.fields, ...extra] };
  const schema = physicalSchema(all, mode);
  const physicalNames = new Map(all.fields.map((field) => [field.name, physicalName(field, mode)]));
  const partitionColumns = metadata.partitionColumns.map((name) => physicalNames.get(name) ?? name);
  const columns = dataColumns(schema, partitionColumns);
  const select = all.fields.map((field) => {
    const value = renameFieldsSql(
      quoteName(field.name),
      field.type,
      ({ name }) => name,
      (inner) => physicalName(inner, mode),
    );
    return `${value} AS ${quoteName(physicalNames.get(field.name)!)}`;
  });
  return {
    schema,
    partitionColumns,
    columns,
    select: select.join(", "),
    fieldIds: mode === "none" ? undefined : fieldIdsSql(columns),
    columnTypes: await canonicalTypes(context.engine, schema),
    isIndexed: indexedLeaves(all, metadata, mode),
    targetFileSize: targetFileSize(metadata.configuration),
  };
}

/** Bytes of the table property `delta.targetFileSize` (`134217728`, `128mb`); 128 MiB if it is not set. */
export function targetFileSize(configuration: Readonly<Record<string, string>>): number {
  const match = /^(\d+)\s*([kmg]?)b?$/i.exec(configuration["delta.targetFileSize"]?.trim() ?? "128mb");
  const shift = { "": 0, k: 10, m: 20, g: 30 }[match?.[2]?.toLowerCase() ?? "m"] ?? 0;
  return match ? Number(match[1]) * 2 ** shift : 2 ** 27;
}
