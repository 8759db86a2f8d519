import type { StructType } from "../api.ts";
import type { SqlEngine } from "../engine.ts";
import { sqlType } from "../schema/types.ts";
import { quoteName } from "./quote.ts";

/** DuckDB's own spelling of each column's type, as `DESCRIBE` prints it. */
export async function canonicalTypes(engine: SqlEngine, schema: StructType): Promise<ReadonlyMap<string, string>> {
  const list = schema.fields.map((field) => `typeof(CAST(NULL AS ${sqlType(field.type)})) AS ${quoteName(field.name)}`);
  const [row] = await engine.rows<Record<string, string>>(`SELECT ${list.join(", ")}`);
  return new Map(Object.entries(row!));
}
