import type { StructType, TableContext } from "../api.ts";
import { sqlType } from "../schema/types.ts";
import type { SqlEngine } from "../engine.ts";
import { quoteName } from "../sql/quote.ts";

const VERSION = "0.1.0";

/** DuckDB's own spelling of each column's type, as `DESCRIBE` prints it. */
export async function canonicalTypes(engine: SqlEngine, schema: StructType): Promise<ReadonlyMap<string, string>> {
  const list = schema.fields.map((field) => `typeof(CAST(NULL AS ${sqlType(field.type)})) AS ${quoteName(field.name)}`);
  const [row] = await engine.rows<Record<string, string>>(`SELECT ${list.join(", ")}`);
  return new Map(Object.entries(row!));
}

export function nowOf(context: TableContext): number {
  return (context.now ?? Date.now)();
}

export function engineInfoOf(context: TableContext): string {
  return context.engineInfo ?? `cinelake-delta/${VERSION}`;
}
