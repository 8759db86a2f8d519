import { CinelakeError } from "@cinelake/contracts/errors";
import type { OptimizeOptions, OptimizeResult, Predicate, TableContext } from "../api.ts";
import { targetFileSize } from "../data/file_plan.ts";
import { openRows } from "../data/open_rows.ts";
import type { AddFile } from "../log/actions.ts";
import type { TableState } from "../log/state.ts";
import { layoutOf } from "../query/layout.ts";
import { predicateSql } from "../query/predicates.ts";
import { partitionSatisfies } from "../query/prune.ts";
import { fieldOf, isPrimitive } from "../schema/types.ts";
import { quoteName } from "../sql/quote.ts";
import { evenRanges, groupByPartition, planBins } from "./optimize_plan.ts";
import { dropTable, temporaryName } from "./source.ts";
import { beginWrite, commitChange } from "./write.ts";
import { MAX_CURVE_COLUMNS, zOrderSql } from "./z_order_sql.ts";

const PLACE = "__cinelake_place";

/**
 * Rewrites small files as few larger ones, and files with deleted rows without them; with `zOrderBy` all files of the partitions. One bin
 * (or partition) is open at a time. As in Spark a Z-ordered table is rewritten when it is asked for again.
 */
export async function optimize(
  context: TableContext,
  state: TableState,
  options: OptimizeOptions,
): Promise<OptimizeResult> {
  const next = await beginWrite(context, state, {});
  const { where = [], zOrderBy = [] } = options;
  checkPartitions(state, where);
  checkCurve(state, zOrderBy);
  const target = options.targetFileSize ?? targetFileSize(state.metadata.configuration);
  if (!(target > 0)) throw new CinelakeError("invalid_argument", `The target file size ${target} is not above 0.`);
  checkMinFiles(options);
  const layout = layoutOf(state);
  const files = Array.from(state.files.values()).filter((file) => partitionSatisfies(where, file, layout));
  const bins = zOrderBy.length > 0 ? groupByPartition(files) : planBins(files, target, options.minFiles);
  const removes = bins.flat();
  const removedBytes = bytesOf(removes);
  let addedBytes = 0;
  const change = {
    operation: "OPTIMIZE",
    parameters: {
      predicate: JSON.stringify(where.length > 0 ? [predicateSql(where, state.schema)] : []),
      zOrderBy: JSON.stringify(zOrderBy),
      targetFileSize: String(target),
    },
    metrics: (added: readonly AddFile[]) => {
      addedBytes = bytesOf(added);
      return metricsOf(added, removes);
    },
    next,
    rows:
      zOrderBy.length > 0 ? orderedRelations(context, state, bins, zOrderBy, target) : relations(context, state, bins),
    wholeFiles: true,
    removes,
    dataChange: false,
    changedRows: 0,
    isBlindAppend: false,
    reads: () => false,
    readFiles: removes,
  };
  const { version, committed, addedFiles, removedFiles } = await commitChange(context, state, change, {});
  return { version, committed, addedFiles, removedFiles, addedBytes, removedBytes };
}

async function* relations(
  context: TableContext,
  state: TableState,
  bins: readonly AddFile[][],
): AsyncGenerator<string> {
  for (const bin of bins) {
    await using rows = await openRows(context, state, bin);
    yield rows.relation();
  }
}

/** The rows of each partition along the curve, in as many parts as their bytes fill files. */
async function* orderedRelations(
  context: TableContext,
  state: TableState,
  partitions: readonly AddFile[][],
  columns: readonly string[],
  targetFileSize: number,
): AsyncGenerator<string> {
  const { engine } = context;
  const names = state.schema.fields.map(({ name }) => name);
  for (const files of partitions) {
    const table = temporaryName("ordered");
    try {
      await using rows = await openRows(context, state, files);
      await engine.run(`CREATE TEMP TABLE ${table} AS ${zOrderSql(rows.relation(), columns, names, PLACE)}`);
      const [count] = await engine.rows<{ rows: number }>(`SELECT count(*) AS rows FROM ${table}`);
      const parts = Math.max(1, Math.round(bytesOf(files) / targetFileSize));
      for (const [from, to] of evenRanges(count!.rows, parts)) {
        yield `(SELECT ${names.map(quoteName).join(", ")} FROM ${table} WHERE ${PLACE} >= ${from} AND ${PLACE} < ${to})`;
      }
    } finally {
      await dropTable(engine, table);
    }
  }
}

function checkPartitions({ metadata }: TableState, where: readonly Predicate[]): void {
  const other = where.find(({ column }) => !metadata.partitionColumns.includes(column));
  if (!other) return;
  throw new CinelakeError(
    "invalid_argument",
    `Files are chosen by partition columns (${metadata.partitionColumns.join(", ") || "the table has none"}), which ${other.column} is not.`,
    { details: { column: other.column } },
  );
}

function checkMinFiles({ minFiles = 2, zOrderBy = [] }: OptimizeOptions): void {
  if (minFiles > 2 && zOrderBy.length > 0)
    throw new CinelakeError("invalid_argument", "A Z-order rewrites all files of a partition: it takes no minFiles.");
  if (!Number.isSafeInteger(minFiles) || minFiles < 2)
    throw new CinelakeError("invalid_argument", `minFiles must be a whole number from 2 on, not ${minFiles}.`);
}

function checkCurve({ schema, metadata }: TableState, columns: readonly string[]): void {
  if (columns.length > MAX_CURVE_COLUMNS || new Set(columns).size < columns.length) {
    throw new CinelakeError("invalid_argument", `A Z-order takes up to ${MAX_CURVE_COLUMNS} different columns.`);
  }
  for (const column of columns) {
    const { type } = fieldOf(schema, column);
    const isPartition = metadata.partitionColumns.includes(column);
    if (isPrimitive(type) && !isPartition) continue;
    const why = isPartition ? "it has one value in each partition" : "its type has no order";
    throw new CinelakeError("invalid_argument", `Rows cannot be Z-ordered by ${column}: ${why}.`, {
      details: { column },
    });
  }
}

/** Spark's names. */
function metricsOf(added: readonly AddFile[], removed: readonly AddFile[]): Record<string, number> {
  const sizes = added.map(({ size }) => size).sort((a, b) => a - b);
  const quantile = (share: number): number => sizes[Math.floor(share * (sizes.length - 1))] ?? 0;
  return {
    numAddedFiles: added.length,
    numRemovedFiles: removed.length,
    numAddedBytes: bytesOf(added),
    numRemovedBytes: bytesOf(removed),
    numDeletionVectorsRemoved: removed.filter(({ deletionVector }) => deletionVector).length,
    minFileSize: quantile(0),
    p25FileSize: quantile(0.25),
    p50FileSize: quantile(0.5),
    p75FileSize: quantile(0.75),
    maxFileSize: quantile(1),
  };
}

function bytesOf(files: readonly AddFile[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}
