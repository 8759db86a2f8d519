import { CinelakeError } from "@cinelake/contracts/errors";
import type { StructField, TableContext } from "../api.ts";
import { physicalPath, type AddFile } from "../log/actions.ts";
import type { TableState } from "../log/state.ts";
import { localFiles, type LocalFiles } from "./local_files.ts";
import { scanSql } from "./scan_sql.ts";

export interface RowsPlan {
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

/** Opens data files of a state: any files of its table that its schema can read. */
export async function openRows(
  context: TableContext,
  state: Pick<TableState, "schema" | "metadata">,
  files: readonly AddFile[],
): Promise<OpenRows> {
  const local = await openFiles(context, files);
  const { schema } = state;
  const { partitionColumns } = state.metadata;
  return {
    relation({ columns = schema.fields, condition = "TRUE", position, files: chosen } = {}) {
      const indexes = chosen ?? files.map((_, index) => index);
      const plan = {
        schema,
        partitionColumns,
        columns,
        condition,
        ...(position && { position: { ...position, numbers: indexes } }),
      };
      return scanSql(
        indexes.map((index) => files[index]!),
        indexes.map((index) => local.paths[index]!),
        plan,
      );
    },
    [Symbol.asyncDispose]: () => local[Symbol.asyncDispose](),
  };
}

/** The data files on this machine; refuses with `delta_unsupported` files that cannot be read as they are. */
export function openFiles(context: TableContext, files: readonly AddFile[]): Promise<LocalFiles> {
  const keys = files.map((file) => {
    if (file.deletionVector) throw unsupported(context, "deletionVectors");
    const path = physicalPath(file.path);
    if (/^([a-z][a-z0-9+.-]*:|\/)/i.test(path)) throw unsupported(context, "data files outside the table's folder");
    return `${context.path}/${path}`;
  });
  return localFiles(context.store, keys);
}

function unsupported(context: TableContext, feature: string): CinelakeError {
  return new CinelakeError("delta_unsupported", `Cannot read the table ${context.path}: ${feature} is not supported.`, {
    details: { table: context.path, feature },
  });
}
