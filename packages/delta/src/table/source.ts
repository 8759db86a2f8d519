import { randomUUID } from "node:crypto";
import type { Source, StructType } from "../api.ts";
import type { SqlColumn, SqlEngine } from "../engine.ts";
import { fitColumns } from "../schema/fit.ts";
import { sqlType } from "../schema/types.ts";
import { describe, subquery } from "../sql/parquet_relation.ts";
import { quoteName } from "../sql/quote.ts";

/** A source as a relation with exactly the table's columns, in brackets; usable on its engine until disposed. */
export interface SourceRelation extends AsyncDisposable {
  readonly sql: string;
}

export async function sourceRelation(
  engine: SqlEngine,
  source: Source,
  schema: StructType,
  partitionColumns: readonly string[],
  columnTypes: ReadonlyMap<string, string>,
): Promise<SourceRelation> {
  if ("sql" in source) {
    const query = subquery(source.sql);
    const columns = await engine.rows<SqlColumn>(describe(`SELECT * FROM ${query}`));
    const list = fitColumns(columns, schema, partitionColumns, columnTypes);
    return { sql: `(SELECT ${list} FROM ${query})`, [Symbol.asyncDispose]: async () => {} };
  }
  const table = temporaryName("rows");
  const columns = schema.fields.map(({ name, type }) => ({ name, type: sqlType(type) }));
  await engine.load(table, columns, source.rows);
  const list = fitColumns(
    schema.fields.map(({ name }) => ({ name, type: columnTypes.get(name)! })),
    schema,
    partitionColumns,
    columnTypes,
  );
  return {
    sql: `(SELECT ${list} FROM ${quoteName(table)})`,
    [Symbol.asyncDispose]: () => dropTable(engine, table),
  };
}

/** A name that no other temporary table of the connection has. */
export function temporaryName(purpose: string): string {
  return `cinelake_${purpose}_${randomUUID().replaceAll("-", "")}`;
}

export function dropTable(engine: SqlEngine, table: string): Promise<void> {
  return engine.run(`DROP TABLE IF EXISTS ${quoteName(table)}`);
}
