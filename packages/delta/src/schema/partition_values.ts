import type { DataType } from "../api.ts";
import { quoteText } from "../sql/quote.ts";
import { sqlType } from "./types.ts";

/**
 * SQL that turns a typed column into the text of a partition value (PROTOCOL.md, partition value serialization). Null and the empty
 * string are one value there: null.
 */
export function partitionText(column: string, type: DataType): string {
  switch (type) {
    case "string":
      return `NULLIF(${column}, '')`;
    case "timestamp":
      return `strftime(${column} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')`;
    case "timestamp_ntz":
      return `strftime(${column}, '%Y-%m-%d %H:%M:%S.%f')`;
    case "float":
    case "double":
      return `CASE WHEN isnan(${column}) THEN 'NaN' WHEN isinf(${column}) THEN if(${column} > 0, 'Infinity', '-Infinity') ELSE CAST(${column} AS VARCHAR) END`;
    default:
      return `CAST(${column} AS VARCHAR)`;
  }
}

/**
 * SQL of the typed value of one of these partition values (PROTOCOL.md, partition value serialization; "" is null), the one at a place that
 * `place` gives, counted from 1. A timestamp without a zone, which some writers leave in their own, is taken as UTC.
 */
export function partitionValueSql(
  texts: readonly (string | null | undefined)[],
  type: DataType,
  place: string,
): string {
  const given = texts.map((text) => (text === "" ? null : (text ?? null)));
  const literals = given.map((text) => (text === null ? "NULL" : quoteText(readableText(text, type))));
  const isConstant = literals.every((literal) => literal === literals[0]);
  const textOf = (sqlType: string): string =>
    isConstant
      ? `CAST(${literals[0]} AS ${sqlType})`
      : `list_extract(CAST([${literals.join(", ")}] AS ${sqlType}[]), ${place})`;
  return type === "binary" ? `encode(${textOf("VARCHAR")})` : textOf(sqlType(type));
}

/** The text as DuckDB reads it: Spark puts a sign before years of five digits. */
function readableText(text: string, type: DataType): string {
  if (type !== "date" && type !== "timestamp" && type !== "timestamp_ntz") return text;
  const unsigned = text.replace(/^\+(?=\d+-)/, "");
  return type === "timestamp" ? zoned(unsigned) : unsigned;
}

/** The text of a partition's timestamp, with the zone that it stands for. */
export function zoned(text: string): string {
  if (/^[+-]?\d+-\d\d-\d\d$/.test(text)) return `${text} 00:00:00Z`;
  return /(Z|[+-]\d\d(:?\d\d)?)$/i.test(text) ? text : `${text}Z`;
}
