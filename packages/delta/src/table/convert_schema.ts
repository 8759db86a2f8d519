import { CinelakeError, findError } from "@cinelake/contracts/errors";
import type { DataType, StructField, StructType } from "../api.ts";
import type { SqlColumn, SqlEngine } from "../engine.ts";
import { schemaOfColumns } from "../schema/merge_schema.ts";
import { describe, parquetFile, parquetSchemas } from "../sql/parquet_relation.ts";

/** The Delta schema of a Parquet file's footer; fails with `delta_schema_mismatch`, naming file and column, for a type that Delta lacks. */
export async function readParquetSchema(engine: SqlEngine, localPath: string, path: string): Promise<StructType> {
  const read = async (): Promise<StructType> => {
    const columns = await engine.rows<SqlColumn>(describe(`SELECT * FROM ${parquetFile(localPath)}`));
    const instants = await engine.rows<{ name: string }>(
      `SELECT name FROM ${parquetSchemas([localPath])} WHERE type = 'INT96'`,
    );
    return withInstants(schemaOfColumns(columns), new Set(instants.map(({ name }) => name)));
  };
  return read().catch((cause: unknown) => {
    const known = findError(cause, "delta_schema_mismatch");
    throw new CinelakeError(
      "delta_schema_mismatch",
      known ? `In ${path}: ${known.message}` : `${path} cannot be read as Parquet: ${String(cause).split("\n")[0]}.`,
      { cause, details: { file: path, ...known?.details } },
    );
  });
}

/** DuckDB reads INT96, in which older writers store instants, as timestamps without a zone. */
function withInstants(struct: StructType, names: ReadonlySet<string>): StructType {
  if (names.size === 0) return struct;
  const typed = (type: DataType, name: string): DataType => {
    if (typeof type === "string") return type === "timestamp_ntz" && names.has(name) ? "timestamp" : type;
    if (type.type === "struct") return withInstants(type, names);
    if (type.type === "array") return { ...type, elementType: typed(type.elementType, "element") };
    return { ...type, keyType: typed(type.keyType, "key"), valueType: typed(type.valueType, "value") };
  };
  return { ...struct, fields: struct.fields.map((field) => ({ ...field, type: typed(field.type, field.name) })) };
}

interface FileSchema {
  readonly path: string;
  readonly schema: StructType;
}

/** The schema that all files have rows of: the columns of the first file, then those that others add. */
export function mergeFileSchemas(files: readonly FileSchema[]): StructType {
  return files.reduce<StructType>((merged, { path, schema }) => mergeStruct(merged, schema, path, ""), {
    type: "struct",
    fields: [],
  });
}

function mergeStruct(a: StructType, b: StructType, file: string, prefix: string): StructType {
  const fields = a.fields.map((field): StructField => {
    const other = b.fields.find(({ name }) => name === field.name);
    return other ? { ...field, type: mergeType(field.type, other.type, file, prefix + field.name) } : field;
  });
  const added = b.fields.filter(({ name }) => !a.fields.some((field) => field.name === name));
  for (const { name } of added) {
    const other = a.fields.find((field) => field.name.toLowerCase() === name.toLowerCase());
    if (!other) continue;
    throw new CinelakeError(
      "delta_schema_mismatch",
      `Column ${prefix}${name} is ${prefix}${other.name} in files before ${file}, and case does not tell columns apart: write one of them again with the other's name.`,
      { details: { column: prefix + name, file } },
    );
  }
  return { type: "struct", fields: [...fields, ...added] };
}

/** Types that Parquet stores alike (INT32), narrow ones first: every reader takes a file with a narrower one. */
const SMALL_INTEGERS = ["byte", "short", "integer"];

function mergeType(a: DataType, b: DataType, file: string, column: string): DataType {
  if (typeof a === "object" && typeof b === "object") {
    if (a.type === "struct" && b.type === "struct") return mergeStruct(a, b, file, `${column}.`);
    if (a.type === "array" && b.type === "array")
      return { ...a, elementType: mergeType(a.elementType, b.elementType, file, `${column}.element`) };
    if (a.type === "map" && b.type === "map") {
      const keyType = mergeType(a.keyType, b.keyType, file, `${column}.key`);
      return { ...a, keyType, valueType: mergeType(a.valueType, b.valueType, file, `${column}.value`) };
    }
  }
  if (a === b) return a;
  const [rankA, rankB] = [a, b].map((type) => (typeof type === "string" ? SMALL_INTEGERS.indexOf(type) : -1));
  if (rankA! >= 0 && rankB! >= 0) return SMALL_INTEGERS[Math.max(rankA!, rankB!)]!;
  throw new CinelakeError(
    "delta_schema_mismatch",
    `Column ${column} is ${JSON.stringify(b)} in ${file} and ${JSON.stringify(a)} in files before it: write one of them again with the other's type.`,
    { details: { column, file } },
  );
}
