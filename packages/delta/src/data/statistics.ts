import type { DataType, StructField } from "../api.ts";
import { decimalSize } from "../schema/types.ts";

/** A file's statistics as `add.stats` holds them (PROTOCOL.md, per-file statistics), nested like the schema. */
export interface Statistics {
  readonly numRecords?: number;
  readonly minValues?: Readonly<Record<string, unknown>>;
  readonly maxValues?: Readonly<Record<string, unknown>>;
  readonly nullCount?: Readonly<Record<string, unknown>>;
}

/** What DuckDB's RETURN_STATS says of one leaf column, all as text. */
export type LeafStatistics = ReadonlyMap<string, string | null>;

const indexedColumns = 32;
const textLength = 32;

/** Reads `add.stats`; without statistics, or with broken ones, nothing is known. Integers beyond doubles come as bigint. */
export function parseStatistics(text: string | undefined): Statistics {
  if (!text) return {};
  try {
    const value: unknown = JSON.parse(text, exactIntegers);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

function exactIntegers(this: unknown, _key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value) || !/^-?\d+$/.test(context?.source ?? "")) return value;
  return BigInt(context!.source!);
}

/**
 * `add.stats` of a file that DuckDB wrote: for the first leaves of the schema (32, as other writers do), none below arrays and maps.
 * `leaves` has keys such as `"a"."b"`.
 */
export function fileStatistics(
  numRecords: number,
  leaves: ReadonlyMap<string, LeafStatistics>,
  columns: readonly StructField[],
): string {
  let left = indexedColumns;
  const collect = (fields: readonly StructField[], prefix: string): Nested => {
    const nested: Nested = { min: {}, max: {}, nulls: {} };
    for (const { name, type } of fields) {
      const key = `${prefix}"${name.replaceAll('"', '""')}"`;
      if (typeof type !== "string" && type.type === "struct") {
        const inner = collect(type.fields, `${key}.`);
        if (Object.keys(inner.min).length > 0) nested.min[name] = inner.min;
        if (Object.keys(inner.max).length > 0) nested.max[name] = inner.max;
        if (Object.keys(inner.nulls).length > 0) nested.nulls[name] = inner.nulls;
        continue;
      }
      if (left-- <= 0) break;
      const leaf = typeof type === "string" ? leaves.get(key) : undefined;
      if (!leaf) continue;
      const nulls = leaf.get("null_count");
      if (nulls !== null && nulls !== undefined) nested.nulls[name] = Number(nulls);
      const { min, max } = bounds(leaf, type);
      if (min !== undefined) nested.min[name] = min;
      if (max !== undefined) nested.max[name] = max;
    }
    return nested;
  };
  const { min, max, nulls } = collect(columns, "");
  return JSON.stringify({ numRecords, tightBounds: true, minValues: min, maxValues: max, nullCount: nulls });
}

interface Nested {
  readonly min: Record<string, unknown>;
  readonly max: Record<string, unknown>;
  readonly nulls: Record<string, unknown>;
}

function bounds(leaf: LeafStatistics, type: DataType): { min?: unknown; max?: unknown } {
  const [min, max] = [leaf.get("min"), leaf.get("max")];
  if (typeof min !== "string" || typeof max !== "string") return {};
  switch (type) {
    case "byte":
    case "short":
    case "integer":
    case "long":
      return { min: rawNumber(min), max: rawNumber(max) };
    case "float":
    case "double":
      return realBounds(min, max, leaf.get("has_nan") !== "false", type);
    case "date":
      return { min: matching(min, datePattern), max: matching(max, datePattern) };
    case "timestamp":
    case "timestamp_ntz":
      return { min: milliseconds(min, type), max: milliseconds(max, type) };
    case "string":
      return { min: Array.from(min).slice(0, textLength).join(""), max: truncatedMax(max) };
    default:
      return decimalSize(type) ? { min: rawNumber(min), max: rawNumber(max) } : {};
  }
}

/** The number's own digits: a double would round long and decimal values. */
function rawNumber(text: string): unknown {
  const json = JSON as unknown as { rawJSON(text: string): unknown };
  return /^-?\d+(\.\d+)?$/.test(text) ? json.rawJSON(text) : undefined;
}

/** DuckDB's bounds leave NaN out, while readers hold it for the greatest value: with NaN there is no maximum. */
function realBounds(
  min: string,
  max: string,
  hasNaN: boolean,
  type: "float" | "double",
): { min?: number; max?: number } {
  const finite = (text: string): number | undefined => {
    const value = type === "float" ? Math.fround(Number(text)) : Number(text);
    return Number.isFinite(value) ? value : undefined;
  };
  return { min: finite(min), max: hasNaN ? undefined : finite(max) };
}

const datePattern = /^\d{4}-\d\d-\d\d$/;
const timestampPattern = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:\+00)?$/;

function matching(text: string, pattern: RegExp): string | undefined {
  return pattern.test(text) ? text : undefined;
}

/** ISO text cut to milliseconds; readers take a maximum for up to 999 microseconds more. */
function milliseconds(text: string, type: string): string | undefined {
  const match = timestampPattern.exec(text);
  if (!match) return undefined;
  const fraction = (match[3] ?? "").padEnd(3, "0").slice(0, 3);
  return `${match[1]}T${match[2]}.${fraction}${type === "timestamp" ? "Z" : ""}`;
}

/** The text, or a prefix of it with a character behind that makes it no less than the text. */
export function truncatedMax(text: string): string | undefined {
  const characters = Array.from(text);
  if (characters.length <= textLength) return text;
  const cut = characters[textLength]!.codePointAt(0)!;
  // A lone greatest character could be cut again and again: then nothing bounds the text.
  if (cut === 0x10ffff) return undefined;
  return characters.slice(0, textLength).join("") + (cut < 0x7f ? "\u007f" : "\u{10ffff}");
}
