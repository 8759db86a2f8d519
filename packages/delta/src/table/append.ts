import type { CommitOptions, CommitResult, Predicate, Source, TableContext } from "../api.ts";
import { CinelakeError } from "@cinelake/contracts";
import type { TableState } from "../log/state.ts";
import { predicateSql } from "../query/predicates.ts";
import { partitionSatisfies } from "../query/prune.ts";
import { quoteText } from "../sql/quote.ts";
import { canonicalTypes } from "./context.ts";
import { sourceRelation } from "./source.ts";
import { checkWrite, commitChange } from "./write.ts";

const OUTSIDE = "cinelake_outside_where";

export async function append(
  context: TableContext,
  state: TableState,
  source: Source,
  options: CommitOptions,
): Promise<CommitResult> {
  checkWrite(context, state, options);
  const { schema, metadata } = state;
  const types = await canonicalTypes(context.engine, schema);
  await using relation = await sourceRelation(context.engine, source, schema, metadata.partitionColumns, types);
  const change = {
    operation: "WRITE",
    parameters: { mode: "Append", partitionBy: JSON.stringify(metadata.partitionColumns) },
    metrics: {},
    rows: relation.sql,
    removes: [],
    isBlindAppend: true,
    reads: () => false,
    readFiles: [],
  };
  return await commitChange(context, state, types, change, options);
}

/** Replaces all files, or those of the partitions that `where` names, by the source's rows. */
export async function overwrite(
  context: TableContext,
  state: TableState,
  source: Source,
  options: CommitOptions & { readonly where?: readonly Predicate[] },
): Promise<CommitResult> {
  checkWrite(context, state, options);
  const { schema, metadata } = state;
  const { partitionColumns } = metadata;
  const where = options.where ?? [];
  const foreign = where.find(({ column }) => !partitionColumns.includes(column));
  if (foreign) {
    throw new CinelakeError(
      "invalid_argument",
      `Overwrite can name partitions only; ${foreign.column} is not one of the partition columns (${partitionColumns.join(", ") || "none"}).`,
      { details: { column: foreign.column } },
    );
  }
  const condition = predicateSql(where, schema);
  const layout = { schema, partitionColumns };
  const removes = Array.from(state.files.values()).filter((file) => partitionSatisfies(where, file, layout));
  const types = await canonicalTypes(context.engine, schema);
  await using relation = await sourceRelation(context.engine, source, schema, partitionColumns, types);
  const checked = `(SELECT * FROM ${relation.sql} WHERE CASE WHEN ${condition} THEN true ELSE error(${quoteText(OUTSIDE)}) END)`;
  const change = {
    operation: "WRITE",
    parameters: {
      mode: "Overwrite",
      partitionBy: JSON.stringify(partitionColumns),
      ...(where.length > 0 ? { predicate: condition } : {}),
    },
    metrics: { numRemovedFiles: removes.length },
    rows: where.length > 0 ? checked : relation.sql,
    removes,
    isBlindAppend: false,
    reads: (file: Parameters<typeof partitionSatisfies>[1]) => partitionSatisfies(where, file, layout),
    readFiles: removes,
  };
  return await commitChange(context, state, types, change, options).catch((error: unknown) => {
    if (!(error instanceof Error) || !error.message.includes(OUTSIDE)) throw error;
    throw new CinelakeError("delta_schema_mismatch", `A row lies outside the partitions to overwrite: ${condition}.`, {
      cause: error,
      details: { where: condition },
    });
  });
}
