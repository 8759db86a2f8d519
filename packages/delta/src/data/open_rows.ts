import type { StructField, TableContext } from "../api.ts";
import type { AddFile, DeletionVector } from "../log/actions.ts";
import type { TableState } from "../log/state.ts";
import { mappingMode } from "../schema/column_mapping.ts";
import { fileLayouts } from "./file_layout.ts";
import { openAll } from "./local_files.ts";
import { scanSql, type ScanFile } from "./scan_sql.ts";
import { TableFiles } from "./table_files.ts";
import { openVectors, type FileVector } from "./vector_table.ts";

interface RowsPlan {
  /** Columns of the relation, in order; default all of the schema. */
  readonly columns?: readonly StructField[];
  /** SQL over the table's columns that keeps rows; default all. */
  readonly condition?: string;
  /** Only these of the opened files, by their index; default all. */
  readonly files?: readonly number[];
  /** Further columns of these names: the file's index among the opened ones, and the row's in its file. */
  readonly position?: { readonly file: string; readonly row: string };
}

/** Rows of some of a table's files, usable on the context's engine until disposed. */
export interface OpenRows extends AsyncDisposable {
  /** A relation, in brackets, with the table's columns under their own names and types; deleted rows are not there. */
  relation(plan?: RowsPlan): string;
}

/** What must be known of a file to read its rows. */
export interface DataFile extends Pick<AddFile, "path" | "partitionValues" | "deletionVector"> {
  /** Only rows that this vector names are read. */
  readonly wantedRows?: DeletionVector;
}

/**
 * Opens data files of a state: any files of its table that its schema can read. Fails with `delta_unsupported` for a file outside of the
 * store (see TableContext.allowOutsideFiles), and with `delta_corrupt` for a damaged deletion vector.
 */
export async function openRows(
  context: TableContext,
  state: Pick<TableState, "schema" | "metadata">,
  files: readonly DataFile[],
): Promise<OpenRows> {
  // Node 22 has no AsyncDisposableStack.
  const opened: AsyncDisposable[] = [];
  const close = async (): Promise<void> => {
    for (const each of opened.splice(0).reverse()) await each[Symbol.asyncDispose]();
  };
  try {
    const tableFiles = new TableFiles(context);
    opened.push(tableFiles);
    const local = await openAll(files, ({ path }) => tableFiles.localFile(path));
    opened.push(local);
    const vectors = await openVectors(context.engine, tableFiles, vectorsOf(files));
    opened.push(vectors);
    const layouts = await fileLayouts(context.engine, state, local.paths);
    const scanned = files.map((file, number): ScanFile => ({
      number,
      path: local.paths[number]!,
      layout: layouts[number]!,
      partitionValues: file.partitionValues,
      hasDeleted: Boolean(file.deletionVector),
      hasWanted: Boolean(file.wantedRows),
    }));
    const { schema } = state;
    const { partitionColumns, configuration } = state.metadata;
    const table = { schema, partitionColumns, mode: mappingMode(configuration), vectors: vectors.sql };
    return {
      relation({ columns = schema.fields, files: chosen, ...plan } = {}) {
        const read = chosen ? chosen.map((index) => scanned[index]!) : scanned;
        return scanSql(read, { ...table, ...plan, columns });
      },
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function vectorsOf(files: readonly DataFile[]): FileVector[] {
  return files.flatMap(({ deletionVector, wantedRows }, file) => [
    ...(deletionVector ? [{ file, vector: deletionVector, wanted: false }] : []),
    ...(wantedRows ? [{ file, vector: wantedRows, wanted: true }] : []),
  ]);
}
