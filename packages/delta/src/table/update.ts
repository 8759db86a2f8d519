import { CinelakeError } from "@cinelake/contracts/errors";
import type { Assignment, CommitResult, StructField, TableContext, UpdateOptions } from "../api.ts";
import { openRows } from "../data/open_rows.ts";
import type { AddFile } from "../log/actions.ts";
import { hasChangeDataFeed } from "../log/protocol.ts";
import type { TableState } from "../log/state.ts";
import { layoutOf } from "../query/layout.ts";
import { literalSql } from "../query/predicates.ts";
import { mayMatch } from "../query/prune.ts";
import { constrained, rowConstraints } from "../schema/constraints.ts";
import { notNull } from "../schema/fit.ts";
import { fieldOf, sqlType } from "../schema/types.ts";
import { quoteName } from "../sql/quote.ts";
import { feedRows, filterSql, findTouched } from "./touched.ts";
import { beginWrite, commitChange } from "./write.ts";

/** Gives columns of the rows that satisfy the filter new values; files that hold such rows are rewritten. */
export async function update(context: TableContext, state: TableState, options: UpdateOptions): Promise<CommitResult> {
  const next = await beginWrite(context, state, options);
  const { schema, metadata } = state;
  if (Object.keys(options.set).length === 0) {
    throw new CinelakeError("invalid_argument", "An update needs a column to set at least.");
  }
  for (const name of Object.keys(options.set)) fieldOf(schema, name);
  const layout = layoutOf(state);
  const where = options.where ?? [];
  const condition = filterSql(options, schema);
  const candidates = Array.from(state.files.values()).filter((file) => mayMatch(where, file, layout));
  await using target = await openRows(context, next, candidates);
  const touched = await findTouched(context.engine, target, condition);
  const old = target.relation({ files: touched.files });
  const updated = (relation: string, when: string): string =>
    constrained(
      `(SELECT ${schema.fields.map((field) => newValue(field, options.set[field.name], when)).join(", ")} FROM ${relation})`,
      rowConstraints(schema, metadata.configuration),
    );
  const matching = target.relation({ files: touched.files, condition });
  const isFed = hasChangeDataFeed(metadata) && touched.files.length > 0;
  const change = {
    operation: "UPDATE",
    parameters: { predicate: JSON.stringify([condition]) },
    metrics: {
      numUpdatedRows: touched.matchedRows,
      numCopiedRows: touched.keptRows,
      numRemovedFiles: touched.files.length,
    },
    next,
    rows: touched.files.length > 0 ? [updated(old, condition)] : [],
    feed: isFed
      ? `(SELECT * FROM ${feedRows(matching, "update_preimage")} UNION ALL BY NAME SELECT * FROM ${feedRows(updated(matching, "true"), "update_postimage")})`
      : undefined,
    removes: touched.files.map((index) => candidates[index]!),
    changedRows: touched.matchedRows,
    isBlindAppend: false,
    reads: (file: AddFile) => mayMatch(where, file, layout),
    readFiles: candidates,
  };
  return await commitChange(context, state, change, options);
}

/** SQL of a column after the update; as in SQL's UPDATE an expression is cast to the column's type, and fails where it does not fit. */
function newValue(field: StructField, assignment: Assignment | undefined, when: string): string {
  const name = quoteName(field.name);
  if (!assignment) return name;
  const sql = "sql" in assignment ? `(\n${assignment.sql}\n)` : literalSql(assignment.value, field);
  const value = `CASE WHEN ${when} THEN CAST(${sql} AS ${sqlType(field.type)}) ELSE ${name} END`;
  return `${notNull(field, value)} AS ${name}`;
}
