import { CinelakeError } from "@cinelake/contracts/errors";
import type { DataType, StructField, StructType } from "../api.ts";
import { mappingMode, physicalSchema } from "../schema/column_mapping.ts";
import { decimalSize, sqlType } from "../schema/types.ts";
import { quoteName, quoteText } from "../sql/quote.ts";
import type { Metadata } from "./actions.ts";

/** Statistics as a checkpoint keeps them in columns of their own, `stats_parsed`. */
export interface ParsedStatistics {
  /** DuckDB's type of the struct; a member that a checkpoint lacks is null. */
  readonly type: string;
  /** SQL of the JSON text that `stats` would hold, of a struct of that type; null without statistics. */
  json(struct: string): string;
}

type Leaf = (type: DataType) => { readonly type: string; json(value: string): string } | undefined;

/** What a table's `stats_parsed` looks like: nested like its schema, under physical names. */
export function parsedStatistics(schema: StructType, metadata: Metadata): ParsedStatistics {
  const { fields } = physicalSchema(
    { ...schema, fields: schema.fields.filter(({ name }) => !metadata.partitionColumns.includes(name)) },
    mappingMode(metadata.configuration),
  );
  const members: readonly Member[] = [
    { name: "numRecords", type: "BIGINT", json: asText },
    { name: "tightBounds", type: "BOOLEAN", json: asText },
    ...named("minValues", structOf(fields, boundOf)),
    ...named("maxValues", structOf(fields, boundOf)),
    ...named(
      "nullCount",
      structOf(fields, () => ({ type: "BIGINT", json: asText })),
    ),
  ];
  return { type: typeOf(members), json: (struct) => `NULLIF(${objectJson(members, struct)}, '{}')` };
}

interface Member {
  readonly name: string;
  readonly type: string;
  json(value: string): string;
}

function structOf(fields: readonly StructField[], leaf: Leaf): readonly Member[] {
  return fields.flatMap(({ name, type }) => {
    if (typeof type !== "string" && type.type === "struct") return named(name, structOf(type.fields, leaf));
    const found = leaf(type);
    return found ? [{ name, ...found }] : [];
  });
}

/** A struct as a member; none if it would be empty. */
function named(name: string, members: readonly Member[]): Member[] {
  if (members.length === 0) return [];
  return [{ name, type: typeOf(members), json: (value) => `NULLIF(${objectJson(members, value)}, '{}')` }];
}

function typeOf(members: readonly Member[]): string {
  return `STRUCT(${members.map(({ name, type }) => `${quoteName(name)} ${type}`).join(", ")})`;
}

/** An object of those members that are not null. */
function objectJson(members: readonly Member[], struct: string): string {
  const texts = members.map(
    ({ name, json }) => `${quoteText(`${JSON.stringify(name)}:`)} || ${json(`${struct}.${quoteName(name)}`)}`,
  );
  return `'{' || concat_ws(',', ${texts.join(", ")}) || '}'`;
}

/** The forms of PROTOCOL.md's per-file statistics; undefined for a type that has no bounds. */
function boundOf(type: DataType): { type: string; json(value: string): string } | undefined {
  if (typeof type !== "string") return undefined;
  const json = jsonOf(type);
  const sql = json && knownSqlType(type);
  return json && sql ? { type: sql, json } : undefined;
}

function jsonOf(type: string): ((value: string) => string) | undefined {
  switch (type) {
    case "byte":
    case "short":
    case "integer":
    case "long":
    case "boolean":
      return asText;
    case "float":
    case "double":
      return (value) =>
        `CASE WHEN isnan(${value}) THEN '"NaN"' WHEN isinf(${value}) THEN if(${value} > 0, '"Infinity"', '"-Infinity"') ELSE ${asText(value)} END`;
    case "string":
      return (value) => asText(`to_json(${value})`);
    case "date":
      return (value) => quoted(asText(value));
    case "timestamp":
      return (value) => quoted(`strftime(${value} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')`);
    case "timestamp_ntz":
      return (value) => quoted(`strftime(${value}, '%Y-%m-%dT%H:%M:%S.%f')`);
    default:
      return decimalSize(type) ? asText : undefined;
  }
}

function knownSqlType(type: string): string | undefined {
  try {
    return sqlType(type);
  } catch (error) {
    if (error instanceof CinelakeError) return undefined;
    throw error;
  }
}

function asText(value: string): string {
  return `CAST(${value} AS VARCHAR)`;
}

function quoted(text: string): string {
  return `'"' || ${text} || '"'`;
}
