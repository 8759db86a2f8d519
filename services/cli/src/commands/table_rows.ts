import type { Row } from "@cinelake/delta";

/**
 * A row as one JSON object. Integers of any size and decimals keep their digits: integers as JSON numbers, decimals as text (a number would
 * become a double in most readers; DuckDB, pyarrow and pandas turn text into decimals exactly). Dates are `YYYY-MM-DD`, timestamps ISO 8601
 * with Z, binary is base64, NaN and infinities are text, maps are objects.
 */
export function jsonLine(row: Row): string {
  return JSON.stringify(jsonValue(row));
}

/** A row as a line of CSV (RFC 4180) without its end: null is nothing between commas, the empty text `""`, nested values are JSON. */
export function csvLine(row: Row, columns: readonly string[]): string {
  return csvFields(columns.map((column) => csvText(row[column])));
}

export function csvHeader(columns: readonly string[]): string {
  return csvFields(columns);
}

function csvFields(texts: readonly (string | undefined)[]): string {
  return texts
    .map((text) => {
      if (text === undefined) return "";
      return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    })
    .join(",");
}

function csvText(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (value instanceof Uint8Array) return base64(value);
  return typeof value === "object" ? JSON.stringify(jsonValue(value)) : String(value);
}

function jsonValue(value: unknown): unknown {
  switch (typeof value) {
    case "bigint":
      return rawNumber(String(value));
    case "number":
      if (Object.is(value, -0)) return rawNumber("-0.0");
      return Number.isFinite(value) ? value : String(value);
    case "object":
      return value === null ? null : jsonObject(value);
    default:
      return value;
  }
}

function jsonObject(value: object): unknown {
  if (Array.isArray(value)) return value.map(jsonValue);
  if (value instanceof Uint8Array) return base64(value);
  const entries = value instanceof Map ? Array.from(value as Map<unknown, unknown>) : Object.entries(value);
  return Object.fromEntries(entries.map(([key, inner]) => [csvText(key) ?? "null", jsonValue(inner)]));
}

function rawNumber(text: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
