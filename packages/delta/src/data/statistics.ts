import type { DataType, StructField, StructType } from "../api.ts";
import type { AddFile, Metadata } from "../log/actions.ts";
import { physicalName, type MappingMode } from "../schema/column_mapping.ts";
import { decimalSize } from "../schema/types.ts";

/** A file's statistics as `add.stats` holds them (PROTOCOL.md, per-file statistics), nested like the schema. */
export interface Statistics {
  readonly numRecords: number | undefined;
  readonly minValues: Members;
  readonly maxValues: Members;
  readonly nullCount: Members;
}
type Members = Readonly<Record<string, unknown>>;

/** What DuckDB's RETURN_STATS says of one leaf column, all as text. */
export type LeafStatistics = ReadonlyMap<string, string | null>;

const defaultIndexedColumns = 32;
const textLength = 32;

/** Reads `add.stats`; without statistics, or with broken ones, nothing is known. Integers beyond doubles come as bigint. */
export function parseStatistics(text: string | undefined): Statistics {
  const { numRecords, minValues, maxValues, nullCount } = parseMembers(text);
  return {
    numRecords: countOf(numRecords),
    minValues: membersOf(minValues),
    maxValues: membersOf(maxValues),
    nullCount: membersOf(nullCount),
  };
}

/** Rows of the files by their statistics, deleted ones left out; undefined if a file has none. */
export function rowCountOf(files: Iterable<Pick<AddFile, "stats" | "deletionVector">>): number | undefined {
  let rows = 0;
  for (const { stats, deletionVector } of files) {
    const { numRecords } = parseStatistics(stats);
    if (numRecords === undefined) return undefined;
    rows += numRecords - (deletionVector?.cardinality ?? 0);
  }
  return rows;
}

/** A number of rows as statistics give it; undefined for what is none. */
export function countOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function parseMembers(text: string | undefined): Members {
  if (!text) return {};
  try {
    // Most texts have no number that a double would round, and a reviver is slow.
    return membersOf(/\d{16}/.test(text) ? JSON.parse(text, exactIntegers) : JSON.parse(text));
  } catch {
    return {};
  }
}

function membersOf(value: unknown): Members {
  return typeof value === "object" && value !== null ? (value as Members) : {};
}

function exactIntegers(this: unknown, _key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value) || !/^-?\d+$/.test(context?.source ?? "")) return value;
  return BigInt(context!.source!);
}

/**
 * Which leaf columns statistics are kept of, by their path of physical names: those that `delta.dataSkippingStatsColumns` names, else the
 * first `delta.dataSkippingNumIndexedCols` (32 as elsewhere; -1 for all) that lie in the files.
 */
export function indexedLeaves(
  schema: StructType,
  { configuration, partitionColumns }: Pick<Metadata, "configuration" | "partitionColumns">,
  mode: MappingMode,
): (path: readonly string[]) => boolean {
  const listed = configuration["delta.dataSkippingStatsColumns"];
  const number = Number(configuration["delta.dataSkippingNumIndexedCols"] ?? defaultIndexedColumns);
  const named = listed === undefined ? undefined : columnPaths(listed);
  const indexed = new Set<string>();
  let left = Number.isInteger(number) && number >= 0 ? number : Infinity;
  const visit = (fields: readonly StructField[], names: readonly string[], path: readonly string[]): void => {
    for (const field of fields) {
      const own = [...names, field.name];
      const physical = [...path, physicalName(field, mode)];
      if (typeof field.type !== "string" && field.type.type === "struct") visit(field.type.fields, own, physical);
      else if (named ? named.some((column) => isWithin(own, column)) : left-- > 0)
        indexed.add(JSON.stringify(physical));
    }
  };
  visit(
    schema.fields.filter(({ name }) => !partitionColumns.includes(name)),
    [],
    [],
  );
  return (path) => indexed.has(JSON.stringify(path));
}

/** `a, b.c, \`odd,name\`.d` as paths of names. */
function columnPaths(text: string): string[][] {
  const columns = text.match(/(?:`[^`]*`|[^,`])+/g) ?? [];
  return columns.map((column) =>
    (column.trim().match(/`[^`]*`|[^.`]+/g) ?? []).map((name) => name.replaceAll("`", "")),
  );
}

function isWithin(path: readonly string[], column: readonly string[]): boolean {
  return column.every((name, index) => path[index]?.toLowerCase() === name.toLowerCase());
}

/**
 * `add.stats` of a file that DuckDB wrote, of the leaves that are indexed; there are none below arrays and maps. `leaves` has keys
 * such as `"a"."b"`.
 */
export function fileStatistics(
  numRecords: number,
  leaves: ReadonlyMap<string, LeafStatistics>,
  columns: readonly StructField[],
  isIndexed: (path: readonly string[]) => boolean,
): string {
  const collect = (fields: readonly StructField[], path: readonly string[]): Nested => {
    const nested: Nested = { min: {}, max: {}, nulls: {} };
    for (const { name, type } of fields) {
      const own = [...path, name];
      if (typeof type !== "string" && type.type === "struct") {
        const inner = collect(type.fields, own);
        if (Object.keys(inner.min).length > 0) nested.min[name] = inner.min;
        if (Object.keys(inner.max).length > 0) nested.max[name] = inner.max;
        if (Object.keys(inner.nulls).length > 0) nested.nulls[name] = inner.nulls;
        continue;
      }
      const leaf = typeof type === "string" && isIndexed(own) ? leaves.get(leafKey(own)) : undefined;
      if (!leaf) continue;
      const nulls = leaf.get("null_count");
      if (nulls !== null && nulls !== undefined) nested.nulls[name] = Number(nulls);
      const { min, max } = bounds(leaf, type);
      if (min !== undefined) nested.min[name] = min;
      if (max !== undefined) nested.max[name] = max;
    }
    return nested;
  };
  const { min, max, nulls } = collect(columns, []);
  return JSON.stringify({ numRecords, tightBounds: true, minValues: min, maxValues: max, nullCount: nulls });
}

function leafKey(path: readonly string[]): string {
  return path.map((name) => `"${name.replaceAll('"', '""')}"`).join(".");
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
    case "boolean":
      return { min: isTrue(min), max: isTrue(max) };
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

/** DuckDB's RETURN_STATS writes booleans as digits, its SQL as words. */
function isTrue(text: string): boolean {
  return text === "1" || text === "true";
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
): { min?: unknown; max?: unknown } {
  const finite = (text: string): number | undefined => {
    const value = type === "float" ? Math.fround(Number(text)) : Number(text);
    return Number.isFinite(value) ? value : undefined;
  };
  // Readers that order -0 before 0 must not pass over it: a least zero is written as -0, a greatest one as 0 (as in Parquet).
  const least = finite(min);
  return { min: least === 0 ? rawNumber("-0.0") : least, max: hasNaN ? undefined : finite(max) };
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
