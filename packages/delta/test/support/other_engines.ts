import { join } from "node:path";
import { openChdb, openDeltaRs, temporaryDirectory, type Chdb, type DeltaRs } from "@cinelake/testkit";
import type { DataType, DeltaTable, StructType } from "@cinelake/delta";
import { floatText, portableRow, type Portable, type PortableRow } from "./portable.ts";
import { openLake, rowsOf, type Lake } from "./tables.ts";

/** A lake on disk and the other engines beside it. */
export interface SharedLake extends AsyncDisposable {
  readonly lake: Lake;
  readonly root: string;
  readonly deltaRs: DeltaRs;
  readonly chdb: Chdb;
  /** The folder of a table. */
  folder(table: string): string;
}

export async function openSharedLake(): Promise<SharedLake> {
  const directory = await temporaryDirectory();
  const lake = await openLake(directory.path);
  const deltaRs = openDeltaRs();
  const chdb = openChdb(directory.path);
  return {
    lake,
    root: directory.path,
    deltaRs,
    chdb,
    folder: (table) => join(directory.path, table),
    async [Symbol.asyncDispose]() {
      await Promise.all([chdb[Symbol.asyncDispose](), deltaRs[Symbol.asyncDispose]()]);
      await lake[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** The rows of a version as portable values. */
export async function portableRows(table: DeltaTable, version?: number): Promise<PortableRow[]> {
  const { schema } = await table.snapshot(version === undefined ? undefined : { version });
  return (await rowsOf(table, version)).map((row) => portableRow(row, schema));
}

/** The rows of a table as chdb sees them. */
export async function chdbRows(chdb: Chdb, folder: string, schema: StructType): Promise<PortableRow[]> {
  const columns = schema.fields.map(({ name, type }) => {
    const column = chdbName(name);
    return type === "binary" ? `hex(${column}) AS ${column}` : column;
  });
  const rows = await chdb.rows(`SELECT ${columns.join(", ")} FROM ${chdbTable(folder)}`);
  return rows.map((row) =>
    Object.fromEntries(schema.fields.map(({ name, type }) => [name, fromChdb(row[name], type)])),
  );
}

export function chdbTable(folder: string): string {
  return `deltaLakeLocal(${chdbText(folder)})`;
}

export function chdbName(name: string): string {
  return `\`${name.replaceAll("\\", "\\\\").replaceAll("`", "\\`")}\``;
}

export function chdbText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\0", "\\0")}'`;
}

/** ClickHouse has no null arrays, maps and structs: it reads them as empty, and as structs of nulls. */
export function withoutNestedNulls(value: Portable, type: DataType): Portable {
  if (typeof type === "string") return value;
  if (type.type === "array")
    return ((value ?? []) as Portable[]).map((item) => withoutNestedNulls(item, type.elementType));
  if (type.type === "map") {
    const pairs = (value ?? []) as [Portable, Portable][];
    return pairs.map(([key, item]) => [key, withoutNestedNulls(item, type.valueType)]);
  }
  const fields = (value ?? {}) as PortableRow;
  return Object.fromEntries(
    type.fields.map((field) => [field.name, withoutNestedNulls(fields[field.name] ?? null, field.type)]),
  );
}

function fromChdb(value: unknown, type: DataType): Portable {
  if (value === null || value === undefined) return null;
  if (typeof type === "string") return scalarFromChdb(value, type);
  if (type.type === "array") return (value as unknown[]).map((item) => fromChdb(item, type.elementType));
  if (type.type === "struct") {
    const fields = value as Record<string, unknown>;
    return Object.fromEntries(type.fields.map((field) => [field.name, fromChdb(fields[field.name], field.type)]));
  }
  return Object.entries(value)
    .map(([key, item]): [Portable, Portable] => [fromChdb(key, type.keyType), fromChdb(item, type.valueType)])
    .toSorted(([a], [b]) => Buffer.compare(Buffer.from(JSON.stringify(a)), Buffer.from(JSON.stringify(b))));
}

function numberFromChdb(value: unknown): number {
  return typeof value === "number" ? value : Number(String(value).replace("inf", "Infinity"));
}

function scalarFromChdb(value: unknown, type: string): Portable {
  if (typeof value === "boolean") return value;
  const text = String(value);
  switch (type) {
    case "float":
      return floatText(Math.fround(numberFromChdb(value)));
    case "double":
      return floatText(numberFromChdb(value));
    case "binary":
      return Buffer.from(text, "hex").toString("base64");
    case "timestamp":
      return `${text.replace(" ", "T")}Z`;
    case "timestamp_ntz":
      return text.replace(" ", "T");
    default:
      return text;
  }
}
