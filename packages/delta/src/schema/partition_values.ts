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

/** SQL literal of a partition value in its column's type. */
export function partitionLiteral(text: string | null | undefined, type: DataType): string {
  if (text === null || text === undefined || text === "") return `CAST(NULL AS ${sqlType(type)})`;
  return `CAST(${quoteText(text)} AS ${sqlType(type)})`;
}
