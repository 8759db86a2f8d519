import { createHash } from "node:crypto";
import type { DataType, DeltaTable, Row, StructType } from "@cinelake/delta";
import { struct } from "./tables.ts";

/** A value as JSON that every engine can be brought to; `tests/delta_rs/portable.py` defines the same form and the same checksum. */
export type Portable = null | boolean | string | readonly Portable[] | { readonly [name: string]: Portable };
export type PortableRow = Readonly<Record<string, Portable>>;

/** A table in few figures: rows, and by column the number of nulls and a sum over the values that the order of rows does not change. */
export interface Summary {
  readonly rows: number;
  readonly columns: Readonly<Record<string, { readonly nulls: number; readonly sum: string }>>;
}

export function portableRow(row: Row, schema: StructType): PortableRow {
  return Object.fromEntries(schema.fields.map(({ name, type }) => [name, portable(row[name], type)]));
}

/** A value of a row as `Row` in api.ts says (or Portable already, which stays as it is). */
function portable(value: unknown, type: DataType): Portable {
  if (value === null || value === undefined) return null;
  if (typeof type === "string") return portableScalar(value, type);
  if (type.type === "array") return (value as unknown[]).map((item) => portable(item, type.elementType));
  if (type.type === "struct") return portableRow(value as Row, type);
  const pairs = [...(value as Iterable<[unknown, unknown]>)].map(([key, item]): [Portable, Portable] => [
    portable(key, type.keyType),
    portable(item, type.valueType),
  ]);
  return pairs.toSorted(([a], [b]) => Buffer.compare(Buffer.from(canonical(a)), Buffer.from(canonical(b))));
}

function portableScalar(value: unknown, type: string): Portable {
  if (typeof value === "boolean") return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if ((type === "float" || type === "double") && typeof value === "number") return floatText(value);
  return String(value);
}

/** The shortest digits that name the number, and its sign also of zero. */
export function floatText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return Object.is(value, -0) ? "-0e+0" : value.toExponential();
}

/** A table's whole change data feed, without the times of its commits. */
export async function portableChanges(table: DeltaTable): Promise<PortableRow[]> {
  const { schema } = await table.snapshot();
  const more = struct({ _change_type: "string", _commit_version: "long" });
  const feed: StructType = { ...schema, fields: [...schema.fields, ...more.fields] };
  const rows: PortableRow[] = [];
  for await (const batch of table.changes({ fromVersion: 0 })) rows.push(...batch.map((row) => portableRow(row, feed)));
  return rows;
}

export function summarize(rows: readonly PortableRow[], schema: StructType): Summary {
  const columns = schema.fields.map(({ name }) => {
    const values = rows.map((row) => row[name] ?? null);
    const sum = values.reduce((total, value) => total + hash64(canonical(value)), 0n);
    const nulls = values.filter((value) => value === null).length;
    return [name, { nulls, sum: BigInt.asUintN(64, sum).toString(16).padStart(16, "0") }] as const;
  });
  return { rows: rows.length, columns: Object.fromEntries(columns) };
}

/** Portable rows in an order of their own. */
export function sortedRows(rows: readonly PortableRow[]): PortableRow[] {
  return rows.toSorted((a, b) => (canonical(a) < canonical(b) ? -1 : 1));
}

function canonical(value: Portable): string {
  return JSON.stringify(value);
}

/** The first 64 bits of the text's MD5. */
function hash64(text: string): bigint {
  return createHash("md5").update(text).digest().readBigUInt64BE();
}
