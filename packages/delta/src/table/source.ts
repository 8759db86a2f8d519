import { randomUUID } from "node:crypto";
import type { Source, StructType, TableContext } from "../api.ts";
import type { SqlColumn, SqlEngine } from "../engine.ts";
import type { TableState } from "../log/state.ts";
import { withoutMapping } from "../schema/column_mapping.ts";
import { constrained, rowConstraints } from "../schema/constraints.ts";
import { explainRow } from "../schema/explain.ts";
import { fitColumns } from "../schema/fit.ts";
import { mergeSchema, schemaOfColumns } from "../schema/merge_schema.ts";
import { sqlType } from "../schema/types.ts";
import { describe, subquery } from "../sql/parquet_relation.ts";
import { quoteName } from "../sql/quote.ts";
import { evolve } from "./evolve.ts";

/** A source's rows as the table will take them, usable on the context's engine until disposed. */
export interface OpenSource extends AsyncDisposable {
  /** A relation, in brackets, with exactly the columns of `next`; a row that does not fit fails when it is read. */
  readonly sql: string;
  /** The state, with the columns that the source adds. */
  readonly next: TableState;
  /** How many rows were given and lie in a temporary table; undefined for a query. */
  readonly loaded: number | undefined;
}

/**
 * Opens a source for a table; with `mergeSchema` its further columns become the table's. Fails with `delta_schema_mismatch`, naming the
 * column, where the source does not fit.
 */
export async function openSource(
  context: TableContext,
  source: Source,
  state: TableState,
  options: { readonly mergeSchema?: boolean } = {},
): Promise<OpenSource> {
  const { engine } = context;
  if ("sql" in source) {
    const query = subquery(source.sql);
    const columns = await explainRow(engine.rows<SqlColumn>(describe(`SELECT * FROM ${query}`)));
    const next = options.mergeSchema ? merged(context, state, schemaOfColumns(columns)) : state;
    return { sql: fitted(query, columns, next), next, loaded: undefined, [Symbol.asyncDispose]: async () => {} };
  }
  const given = source.schema ?? state.schema;
  const next = options.mergeSchema ? merged(context, state, given) : state;
  const table = temporaryName("rows");
  const columns = given.fields.map(({ name, type }) => ({ name, type: sqlType(type) }));
  const sql = fitted(quoteName(table), columns, next);
  const loaded = await engine.load(table, columns, source.rows);
  return { sql, next, loaded, [Symbol.asyncDispose]: () => dropTable(engine, table) };
}

function merged(context: TableContext, state: TableState, source: StructType): TableState {
  return evolve(context, state, { schema: mergeSchema(state.schema, withoutMapping(source)) });
}

function fitted(relation: string, columns: readonly SqlColumn[], { schema, metadata }: TableState): string {
  const list = fitColumns(columns, schema, metadata.partitionColumns);
  return constrained(`(SELECT ${list} FROM ${relation})`, rowConstraints(schema, metadata.configuration));
}

/** A relation's rows in a temporary table, until disposed. */
export async function holdRows(
  engine: SqlEngine,
  relation: string,
): Promise<{ readonly sql: string } & AsyncDisposable> {
  const table = temporaryName("held");
  await explainRow(engine.run(`CREATE TEMP TABLE ${table} AS SELECT * FROM ${relation}`));
  return { sql: table, [Symbol.asyncDispose]: () => dropTable(engine, table) };
}

/** A name that no other temporary table of the connection has. */
export function temporaryName(purpose: string): string {
  return `cinelake_${purpose}_${randomUUID().replaceAll("-", "")}`;
}

export function dropTable(engine: SqlEngine, table: string): Promise<void> {
  return engine.run(`DROP TABLE IF EXISTS ${quoteName(table)}`);
}
