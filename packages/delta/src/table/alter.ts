import { CinelakeError } from "@cinelake/contracts/errors";
import type { AlterOptions, CommitResult, StructType, TableContext } from "../api.ts";
import { openRows } from "../data/open_rows.ts";
import type { AddFile } from "../log/actions.ts";
import { constraintProperty, constraintsOf } from "../log/protocol.ts";
import type { TableState } from "../log/state.ts";
import { withoutMapping } from "../schema/column_mapping.ts";
import { checkConstraints, constrained, rowConstraints } from "../schema/constraints.ts";
import { explainRow } from "../schema/explain.ts";
import { evolve } from "./evolve.ts";
import { beginWrite, commitChange } from "./write.ts";

/** Changes the table's columns, properties and constraints in one commit; nothing is committed if nothing changes. */
export async function alter(context: TableContext, state: TableState, options: AlterOptions): Promise<CommitResult> {
  const begun = await beginWrite(context, state, {
    ...options,
    configuration: { ...options.configuration, ...options.setProperties },
  });
  const schema = withColumns(begun.schema, options);
  const next = evolve(context, begun, {
    ...(schema === begun.schema ? {} : { schema }),
    configuration: properties(begun, options),
  });
  const added = Object.keys(options.addConstraints ?? {});
  if (added.length > 0) await checkRows(context, next, added);
  const change = {
    operation: operationOf(options),
    parameters: {
      properties: JSON.stringify(options.setProperties ?? {}),
      columns: JSON.stringify(options.addColumns ?? []),
    },
    metrics: {},
    next,
    rows: [],
    removes: [],
    changedRows: 0,
    isBlindAppend: false,
    // Rows that others add meanwhile were written without the new constraint.
    reads: () => added.length > 0,
    readFiles: added.length > 0 ? Array.from(state.files.values()) : [],
  };
  return await commitChange(context, state, change, { ...options, allowEmpty: next !== state });
}

function withColumns(schema: StructType, { addColumns = [] }: AlterOptions): StructType {
  for (const { name, nullable } of addColumns) {
    if (nullable) continue;
    throw new CinelakeError(
      "invalid_argument",
      `The column ${name} must be nullable: rows that are there already have no value for it.`,
      { details: { column: name } },
    );
  }
  return addColumns.length === 0
    ? schema
    : { ...schema, fields: [...schema.fields, ...withoutMapping({ ...schema, fields: addColumns }).fields] };
}

function properties(state: TableState, options: AlterOptions): Record<string, string | undefined> {
  const known = constraintsOf(state.metadata.configuration);
  for (const name of Object.keys(options.addConstraints ?? {})) {
    if (known.has(name)) throw new CinelakeError("invalid_argument", `The table has a constraint ${name} already.`);
  }
  for (const name of options.dropConstraints ?? []) {
    if (!known.has(name)) throw new CinelakeError("invalid_argument", `The table has no constraint ${name}.`);
  }
  const unset = (names: readonly string[] = []): [string, undefined][] => names.map((name) => [name, undefined]);
  const added = Object.entries(options.addConstraints ?? {}).map(
    ([name, sql]) => [constraintProperty(name), sql] as const,
  );
  return {
    ...Object.fromEntries(unset(options.unsetProperties)),
    ...Object.fromEntries(unset(options.dropConstraints?.map(constraintProperty))),
    ...Object.fromEntries(added),
  };
}

/** Fails with `delta_schema_mismatch` if a row of the table breaks one of the new constraints. */
async function checkRows(context: TableContext, next: TableState, added: readonly string[]): Promise<void> {
  const { schema, metadata } = next;
  const constraints = rowConstraints(schema, metadata.configuration).filter(({ name }) => added.includes(name));
  await checkConstraints(context.engine, schema, constraints);
  const files: AddFile[] = Array.from(next.files.values());
  await using rows = await openRows(context, next, files);
  await explainRow(context.engine.rows(`SELECT count(*) FROM ${constrained(rows.relation(), constraints)}`));
}

function operationOf(options: AlterOptions): string {
  if (options.addColumns?.length) return "ADD COLUMNS";
  if (Object.keys(options.addConstraints ?? {}).length > 0) return "ADD CONSTRAINT";
  if (options.dropConstraints?.length) return "DROP CONSTRAINT";
  if (options.unsetProperties?.length && !options.setProperties) return "UNSET TBLPROPERTIES";
  return "SET TBLPROPERTIES";
}
