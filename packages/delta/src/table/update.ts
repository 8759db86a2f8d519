import { CinelakeError } from "@cinelake/contracts/errors";
import type { Assignment, CommitResult, StructField, TableContext, UpdateOptions } from "../api.ts";
import { openRows } from "../data/open_rows.ts";
import type { SqlEngine } from "../engine.ts";
import type { AddFile } from "../log/actions.ts";
import { hasChangeDataFeed } from "../log/protocol.ts";
import type { TableState } from "../log/state.ts";
import { layoutOf } from "../query/layout.ts";
import { mayMatch } from "../query/prune.ts";
import { constrained, rowConstraints } from "../schema/constraints.ts";
import { storedValue } from "../schema/fit.ts";
import { fieldOf, sqlType } from "../schema/types.ts";
import { quoteName } from "../sql/quote.ts";
import { dropTable, temporaryName } from "./source.ts";
import { feedRows, filterSql, findTouched, POSITION } from "./touched.ts";
import { beginWrite, commitChange } from "./write.ts";

/**
 * Gives columns of the rows that satisfy the filter new values; files that hold such rows are rewritten.
 * As in SQL's UPDATE an expression is cast to the column's type, and fails where it does not fit.
 */
export async function update(context: TableContext, state: TableState, options: UpdateOptions): Promise<CommitResult> {
  const next = await beginWrite(context, state, options);
  const { schema, metadata } = state;
  // A column may be called like a member that every object has, such as `constructor`.
  const set = new Map(Object.entries(options.set));
  if (set.size === 0) throw new CinelakeError("invalid_argument", "An update needs a column to set at least.");
  for (const name of set.keys()) fieldOf(schema, name);
  const layout = layoutOf(state);
  const where = options.where ?? [];
  const condition = filterSql(options, schema);
  const candidates = Array.from(state.files.values()).filter((file) => mayMatch(where, file, layout));
  await using target = await openRows(context, next, candidates);
  await using values = await holdValues(context.engine, schema.fields, set);
  const columns = schema.fields.map(({ name }) => name);
  const given = schema.fields.map(({ name }) => {
    const assignment = set.get(name);
    return assignment ? `${newValue(name, assignment, values.sql)} AS ${quoteName(name)}` : quoteName(name);
  });
  const stored = schema.fields.map((field) => {
    const name = quoteName(field.name);
    return set.has(field.name) ? `${storedValue(field, name, metadata.partitionColumns)} AS ${name}` : name;
  });
  const position = `${POSITION.file}, ${POSITION.row}`;
  const found = target.relation({ position: POSITION, condition });
  const updated = constrained(
    `(SELECT ${stored.join(", ")}, ${position} FROM (SELECT ${given.join(", ")}, ${position} FROM ${found}))`,
    rowConstraints(schema, metadata.configuration),
  );
  await using touched = await findTouched(context.engine, target, columns, updated);
  const { files } = touched;
  const isFed = hasChangeDataFeed(next.metadata) && files.length > 0;
  const change = {
    operation: "UPDATE",
    parameters: { predicate: JSON.stringify([condition]) },
    metrics: {
      numUpdatedRows: touched.foundRows,
      numCopiedRows: touched.keptRows,
      numRemovedFiles: files.length,
    },
    next,
    rows: files.length > 0 ? [rewritten(target.relation({ files, position: POSITION }), touched.table, columns)] : [],
    feed: isFed
      ? `(SELECT * FROM ${feedRows(touched.found, "update_preimage")} UNION ALL BY NAME ` +
        `SELECT * EXCLUDE (${position}) FROM ${feedRows(touched.table, "update_postimage")})`
      : undefined,
    removes: files.map((index) => candidates[index]!),
    changedRows: touched.foundRows,
    isBlindAppend: false,
    reads: (file: AddFile) => mayMatch(where, file, layout),
    readFiles: candidates,
  };
  return await commitChange(context, state, change, options);
}

/** A relation with all rows of the target, those that `updated` holds as it has them. */
function rewritten(target: string, updated: string, columns: readonly string[]): string {
  const list = columns.map((name) => {
    const column = quoteName(name);
    return `CASE WHEN new.${POSITION.row} IS NULL THEN old.${column} ELSE new.${column} END AS ${column}`;
  });
  return (
    `(SELECT ${list.join(", ")} FROM ${target} AS old LEFT JOIN ${updated} AS new ` +
    `ON new.${POSITION.file} = old.${POSITION.file} AND new.${POSITION.row} = old.${POSITION.row})`
  );
}

/** The values among the assignments, as a table of one row. */
async function holdValues(
  engine: SqlEngine,
  fields: readonly StructField[],
  set: ReadonlyMap<string, Assignment>,
): Promise<{ readonly sql: string } & AsyncDisposable> {
  const given = fields.flatMap(({ name, type }) => {
    const assignment = set.get(name);
    return assignment && "value" in assignment ? [{ name, type: sqlType(type), value: assignment.value }] : [];
  });
  const table = temporaryName("values");
  if (given.length > 0) {
    await engine.load(table, given, [Object.fromEntries(given.map(({ name, value }) => [name, value]))]);
  }
  return { sql: table, [Symbol.asyncDispose]: () => dropTable(engine, table) };
}

function newValue(column: string, assignment: Assignment, values: string): string {
  return "sql" in assignment ? `(\n${assignment.sql}\n)` : `(SELECT v.${quoteName(column)} FROM ${values} AS v)`;
}
