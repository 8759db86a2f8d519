import type { CommitOptions, CommitResult, RowFilter, TableContext } from "../api.ts";
import { openRows } from "../data/open_rows.ts";
import { rowCountOf } from "../data/statistics.ts";
import type { AddFile } from "../log/actions.ts";
import { hasChangeDataFeed } from "../log/protocol.ts";
import type { TableState } from "../log/state.ts";
import { layoutOf } from "../query/layout.ts";
import { mayMatch, partitionSatisfies } from "../query/prune.ts";
import { feedRows, filterSql, findTouched, POSITION } from "./touched.ts";
import { beginWrite, commitChange } from "./write.ts";

/** What takes rows out of a table: whole files that go, and relations that stand for what stays of others. */
export interface Removal extends AsyncDisposable {
  /** Files that could hold such rows. */
  readonly candidates: readonly AddFile[];
  readonly removes: readonly AddFile[];
  readonly rows: readonly string[];
  /** The rows taken out, if files are rewritten for it and the table keeps a change data feed. */
  readonly feed: string | undefined;
  /** Undefined if files without statistics went whole. */
  readonly deletedRows: number | undefined;
  readonly copiedRows: number;
}

/** Removes rows that satisfy the filter: whole files where all do, and files rewritten without them where some do. */
export async function deleteRows(
  context: TableContext,
  state: TableState,
  options: CommitOptions & RowFilter,
): Promise<CommitResult> {
  const next = await beginWrite(context, state, options);
  await using removal = await planRemoval(context, state, next, options);
  const layout = layoutOf(state);
  const change = {
    operation: "DELETE",
    parameters: { predicate: JSON.stringify([filterSql(options, state.schema)]) },
    metrics: {
      ...(removal.deletedRows === undefined ? {} : { numDeletedRows: removal.deletedRows }),
      numCopiedRows: removal.copiedRows,
      numRemovedFiles: removal.removes.length,
    },
    next,
    rows: removal.rows,
    feed: removal.feed,
    removes: removal.removes,
    changedRows: 0,
    isBlindAppend: false,
    reads: (file: AddFile) => mayMatch(options.where ?? [], file, layout),
    readFiles: removal.candidates,
  };
  return await commitChange(context, state, change, options);
}

/**
 * Plans to take out the rows that satisfy the filter; data are read unless partitions alone decide. What stays is in the columns of
 * `next`. Dispose it after the commit.
 */
export async function planRemoval(
  context: TableContext,
  state: TableState,
  next: TableState,
  filter: RowFilter,
): Promise<Removal> {
  const layout = layoutOf(state);
  const where = filter.where ?? [];
  const files = Array.from(state.files.values());
  const byPartition = where.every(({ column }) => layout.partitionColumns.includes(column));
  if (filter.condition === undefined && byPartition) {
    const removes = files.filter((file) => partitionSatisfies(where, file, layout));
    return {
      candidates: removes,
      removes,
      rows: [],
      feed: undefined,
      deletedRows: rowCountOf(removes),
      copiedRows: 0,
      [Symbol.asyncDispose]: async () => {},
    };
  }
  const candidates = files.filter((file) => mayMatch(where, file, layout));
  const target = await openRows(context, next, candidates);
  try {
    const columns = next.schema.fields.map(({ name }) => name);
    const found = target.relation({ columns: [], position: POSITION, condition: filterSql(filter, state.schema) });
    const touched = await findTouched(context.engine, target, columns, found);
    const isRewriting = touched.partial.length > 0;
    return {
      candidates,
      removes: touched.files.map((index) => candidates[index]!),
      rows: isRewriting ? [touched.kept] : [],
      feed: isRewriting && hasChangeDataFeed(next.metadata) ? feedRows(touched.found, "delete") : undefined,
      deletedRows: touched.foundRows,
      copiedRows: touched.keptRows,
      async [Symbol.asyncDispose]() {
        await touched[Symbol.asyncDispose]();
        await target[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await target[Symbol.asyncDispose]();
    throw error;
  }
}
