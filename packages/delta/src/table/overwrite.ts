import { CinelakeError } from "@cinelake/contracts/errors";
import type { CommitResult, OverwriteOptions, Source, TableContext } from "../api.ts";
import type { AddFile } from "../log/actions.ts";
import type { TableState } from "../log/state.ts";
import { layoutOf } from "../query/layout.ts";
import { predicateSql } from "../query/predicates.ts";
import { mayMatch } from "../query/prune.ts";
import { checkConstraints, rowConstraints } from "../schema/constraints.ts";
import { withoutMapping } from "../schema/column_mapping.ts";
import { markedText, quoteText } from "../sql/quote.ts";
import { planRemoval } from "./delete.ts";
import { evolve } from "./evolve.ts";
import { holdRows, openSource } from "./source.ts";
import { feedRows } from "./touched.ts";
import { beginWrite, commitChange } from "./write.ts";

const OUTSIDE = "cinelake_outside_where";

/** Replaces all rows, or those that satisfy `where`, by the source's. */
export async function overwrite(
  context: TableContext,
  state: TableState,
  given: Source,
  options: OverwriteOptions,
): Promise<CommitResult> {
  const where = options.where ?? [];
  const begun = await withSchema(context, await beginWrite(context, state, options), options);
  await using rows = await openSource(context, given, begun, options);
  await using removal = await planRemoval(context, state, rows.next, { where });
  // Rows that are fed too are read twice, and a query may give others the second time.
  await using held = removal.feed === undefined ? undefined : await holdRows(context.engine, rows.sql);
  const source = held?.sql ?? rows.sql;
  const condition = predicateSql(where, state.schema);
  const checked = `(SELECT * FROM ${source} WHERE CASE WHEN ${condition} THEN true ELSE error(${quoteText(OUTSIDE)}) END)`;
  const inserted = where.length > 0 ? checked : source;
  const { partitionColumns } = rows.next.metadata;
  const layout = layoutOf(state);
  const change = {
    operation: "WRITE",
    parameters: {
      mode: "Overwrite",
      partitionBy: JSON.stringify(partitionColumns),
      ...(where.length > 0 ? { predicate: condition } : {}),
    },
    metrics: { numRemovedFiles: removal.removes.length, numCopiedRows: removal.copiedRows },
    next: rows.next,
    rows: [inserted, ...removal.rows],
    feed:
      removal.feed === undefined
        ? undefined
        : `(SELECT * FROM ${feedRows(inserted, "insert")} UNION ALL BY NAME SELECT * FROM ${removal.feed})`,
    removes: removal.removes,
    copiedRows: removal.copiedRows,
    isBlindAppend: false,
    reads: (file: AddFile) => mayMatch(where, file, layout),
    readFiles: removal.candidates,
  };
  return await commitChange(context, state, change, options).catch((error: unknown) => {
    if (markedText(error, OUTSIDE) === undefined) throw error;
    throw new CinelakeError("delta_schema_mismatch", `A row lies outside the rows to overwrite: ${condition}.`, {
      cause: error,
      details: { where: condition },
    });
  });
}

/** The state with the schema that replaces the table's own; its constraints stay, and must be of its columns. */
async function withSchema(
  context: TableContext,
  state: TableState,
  { overwriteSchema, where }: OverwriteOptions,
): Promise<TableState> {
  if (!overwriteSchema) return state;
  if (where && where.length > 0) {
    throw new CinelakeError(
      "invalid_argument",
      "A new schema is for all rows: overwriteSchema and where exclude each other.",
    );
  }
  const { schema, partitionColumns = [] } = overwriteSchema;
  const next = evolve(context, state, { schema: withoutMapping(schema), partitionColumns });
  await checkConstraints(context.engine, next.schema, rowConstraints(next.schema, next.metadata.configuration));
  return next;
}
