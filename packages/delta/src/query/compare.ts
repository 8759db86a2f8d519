import type { DataType } from "../api.ts";
import { zoned } from "../schema/partition_values.ts";
import { decimalSize } from "../schema/types.ts";
import { microsOf } from "../sql/write_values.ts";

/** A value that can be ordered against others of its column: microseconds for timestamps, `YYYY-MM-DD` for dates. */
export type Comparable = number | bigint | string | boolean;

/** How a type's values are ordered and read; undefined members mean that nothing can be said of such a value. */
export interface Ordering {
  compare(a: Comparable, b: Comparable): number;
  /** From a partition value's text. */
  fromText(text: string): Comparable | undefined;
  /** From a value of the statistics' minValues or maxValues. */
  fromStatistic(value: unknown, bound: "min" | "max"): Comparable | undefined;
  /** From a value of a predicate that has passed `predicateLiteral`. */
  fromValue(value: unknown): Comparable | undefined;
  /** Statistics are the values themselves, not just bounds. */
  readonly exact: boolean;
  /** NaN may be among the values without showing in the statistics; it is above all others. */
  readonly mayHoldNaN: boolean;
}

/** The ordering of a primitive type; undefined for a type that is not ordered here. */
export function orderingOf(type: DataType): Ordering | undefined {
  switch (type) {
    case "byte":
    case "short":
    case "integer":
    case "long":
      return { ...numeric, exact: true };
    case "float":
      return real(Math.fround, Math.fround);
    case "double":
      return real((value) => value, widened);
    case "string":
      return { ...textual(() => true), compare: (a, b) => compareUtf8(a as string, b as string) };
    case "date":
      return { ...textual((text) => /^\d{4}-\d\d-\d\d$/.test(text)), exact: true };
    case "boolean":
      return boolean;
    case "timestamp":
      return instant("required");
    case "timestamp_ntz":
      return instant("none");
    default: {
      const size = decimalSize(type);
      return size && decimal(size.scale);
    }
  }
}

/** Decimals as integers of their smallest unit. */
function decimal(scale: number): Ordering {
  const units = (value: unknown): bigint | undefined => {
    const match = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(String(value));
    const fraction = (match?.[3] ?? "").replace(/0+$/, "");
    if (!match || fraction.length > scale) return undefined;
    const digits = BigInt(`${match[2]}${fraction.padEnd(scale, "0")}`);
    return match[1] === "-" ? -digits : digits;
  };
  return {
    ...numeric,
    fromText: units,
    fromStatistic: (value) => {
      if (typeof value === "bigint") return units(value);
      // Numbers of more than 15 digits were rounded when they were read.
      const isExact = typeof value === "number" && Math.abs(value) * 10 ** scale < 1e15;
      return isExact ? units(value.toFixed(scale)) : undefined;
    },
    fromValue: units,
  };
}

const ascending = (a: Comparable, b: Comparable): number => (a < b ? -1 : a > b ? 1 : 0);

const numeric: Ordering = {
  compare: ascending,
  fromText: (text) => (/^[+-]?\d+$/.test(text) ? BigInt(text) : undefined),
  fromStatistic: (value) => (typeof value === "number" || typeof value === "bigint" ? value : undefined),
  fromValue: (value) => (typeof value === "number" || typeof value === "bigint" ? value : undefined),
  exact: false,
  mayHoldNaN: false,
};

function real(round: (value: number) => number, bounded: (value: number, bound: "min" | "max") => number): Ordering {
  return {
    ...numeric,
    compare: (a, b) => Number(Number.isNaN(a)) - Number(Number.isNaN(b)) || ascending(a, b),
    fromText: (text) => {
      const infinite = /^([+-]?)inf(inity)?$/i.exec(text);
      if (infinite) return infinite[1] === "-" ? -Infinity : Infinity;
      const value = round(Number(text));
      return !Number.isNaN(value) || /^[+-]?nan$/i.test(text) ? value : undefined;
    },
    fromStatistic: (value, bound) =>
      typeof value === "number" || typeof value === "bigint" ? bounded(Number(value), bound) : undefined,
    fromValue: (value) => (typeof value === "number" ? round(value) : undefined),
    mayHoldNaN: true,
  };
}

/** Statistics of a file from when the column was float hold the shortest text of each float, which as a double is another number. */
function widened(value: number, bound: "min" | "max"): number {
  const single = Math.fround(value);
  return Number.isFinite(single) ? Math[bound](value, single) : value;
}

function textual(valid: (text: string) => boolean): Ordering {
  const text = (value: unknown): string | undefined => (typeof value === "string" && valid(value) ? value : undefined);
  return { ...numeric, fromText: text, fromStatistic: text, fromValue: text };
}

const boolean: Ordering = {
  ...numeric,
  fromText: (text) => (text === "true" ? true : text === "false" ? false : undefined),
  fromStatistic: (value) => (typeof value === "boolean" ? value : undefined),
  fromValue: (value) => (typeof value === "boolean" ? value : undefined),
  exact: true,
};

/** Statistics are cut to milliseconds, so a maximum stands for up to 999 microseconds more. Columns that were dates have dates there. */
function instant(zone: "required" | "none"): Ordering {
  const micros = (value: unknown): bigint | undefined => {
    const isDate = zone === "none" && typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value);
    try {
      return microsOf(isDate ? `${value}T00:00:00` : value, zone);
    } catch {
      return undefined;
    }
  };
  return {
    ...numeric,
    fromText: (text) => micros(zone === "required" ? zoned(text) : text),
    fromStatistic: (value, bound) => {
      const found = micros(value);
      return found === undefined || bound === "min" ? found : found + 999n;
    },
    fromValue: micros,
  };
}

/** Order of the strings' UTF-8 bytes, which is that of code points and not of JavaScript's `<`. */
export function compareUtf8(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}
