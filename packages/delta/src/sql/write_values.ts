import {
  blobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTypeId,
  listValue,
  mapValue,
  structValue,
  type DuckDBDecimalType,
  type DuckDBListType,
  type DuckDBMapType,
  type DuckDBStructType,
  type DuckDBType,
  type DuckDBValue,
} from "@duckdb/node-api";
import { daysOfDate, microsOfTimestamp } from "./iso_time.ts";

/** Thrown by a writer for a value that its type cannot hold; the caller adds the column's name. */
export class ValueError extends Error {
  override readonly name = "ValueError";
}

/** A row's or struct's member; not one that every object has, such as `constructor`. */
export function memberOf(object: Readonly<Record<string, unknown>>, name: string): unknown {
  return name in Object.prototype && !Object.hasOwn(object, name) ? undefined : object[name];
}

type Write = (value: unknown) => DuckDBValue;

/** The function that turns a JavaScript value (as `Row` says) into DuckDB's value of a type; fails with ValueError. */
export function valueWriter(type: DuckDBType): Write {
  const write = writerOf(type);
  return (value) => (value === null || value === undefined ? null : write(value));
}

function writerOf(type: DuckDBType): Write {
  switch (type.typeId) {
    case DuckDBTypeId.BOOLEAN:
      return (value) => (typeof value === "boolean" ? value : fail(value, "a boolean"));
    case DuckDBTypeId.TINYINT:
      return integer(8);
    case DuckDBTypeId.SMALLINT:
      return integer(16);
    case DuckDBTypeId.INTEGER:
      return integer(32);
    case DuckDBTypeId.BIGINT:
      return long;
    case DuckDBTypeId.FLOAT:
      return (value) =>
        typeof value === "number" && Number.isFinite(value) === Number.isFinite(Math.fround(value))
          ? value
          : fail(value, "a number of 32 bits");
    case DuckDBTypeId.DOUBLE:
      return (value) => (typeof value === "number" ? value : fail(value, "a number"));
    case DuckDBTypeId.VARCHAR:
      return (value) => (typeof value === "string" ? value : fail(value, "a string"));
    case DuckDBTypeId.BLOB:
      return (value) => (value instanceof Uint8Array ? blobValue(value) : fail(value, "a Uint8Array"));
    case DuckDBTypeId.DATE:
      return (value) => new DuckDBDateValue(daysOf(value));
    case DuckDBTypeId.TIMESTAMP_TZ:
      return (value) => new DuckDBTimestampTZValue(microsOf(value, "required"));
    case DuckDBTypeId.TIMESTAMP:
      return (value) => new DuckDBTimestampValue(microsOf(value, "none"));
    case DuckDBTypeId.DECIMAL:
      return decimal(type as DuckDBDecimalType);
    case DuckDBTypeId.LIST: {
      const item = valueWriter((type as DuckDBListType).valueType);
      return (value) =>
        Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))
          ? listValue(Array.from(value as ArrayLike<unknown>, item))
          : fail(value, "an array");
    }
    case DuckDBTypeId.STRUCT:
      return struct(type as DuckDBStructType);
    case DuckDBTypeId.MAP:
      return map(type as DuckDBMapType);
    default:
      throw new ValueError(`no JavaScript value is defined for ${type.toString()}`);
  }
}

function integer(bits: number): Write {
  const bound = 2 ** (bits - 1);
  return (value) => {
    const number = typeof value === "bigint" ? Number(value) : value;
    if (typeof number !== "number" || !Number.isInteger(number) || number < -bound || number >= bound) {
      return fail(value, `an integer of ${bits} bits`);
    }
    return number;
  };
}

function long(value: unknown): bigint {
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === "bigint" && BigInt.asIntN(64, value) === value) return value;
  return fail(value, "a safe integer or a bigint of 64 bits");
}

function decimal(type: DuckDBDecimalType): Write {
  const { width, scale } = type;
  const limit = 10n ** BigInt(width);
  return (value) => {
    const wanted = `a decimal(${width},${scale})`;
    const text = typeof value === "number" || typeof value === "bigint" ? String(value) : value;
    const match = typeof text === "string" ? /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text) : null;
    if (!match) return fail(value, wanted);
    const fraction = (match[3] ?? "").replace(/0+$/, "");
    if (fraction.length > scale) return fail(value, wanted);
    const digits = BigInt(match[2]! + fraction.padEnd(scale, "0"));
    if (digits >= limit) return fail(value, wanted);
    return new DuckDBDecimalValue(match[1] === "-" ? -digits : digits, width, scale);
  };
}

function struct(type: DuckDBStructType): Write {
  const fields = type.entryNames.map((name, index) => ({ name, write: valueWriter(type.entryTypes[index]!) }));
  const names = new Set(type.entryNames);
  return (value) => {
    if (typeof value !== "object" || Array.isArray(value) || value instanceof Map) return fail(value, "an object");
    const unknown = Object.keys(value!).find((name) => !names.has(name));
    if (unknown !== undefined) throw new ValueError(`has no field ${unknown}`);
    const entries = value as Readonly<Record<string, unknown>>;
    return structValue(Object.fromEntries(fields.map(({ name, write }) => [name, write(memberOf(entries, name))])));
  };
}

function map(type: DuckDBMapType): Write {
  const key = valueWriter(type.keyType);
  const item = valueWriter(type.valueType);
  return (value) => {
    if (!(value instanceof Map)) return fail(value, "a Map");
    const entries = Array.from(value as Map<unknown, unknown>, ([k, v]) => ({ key: key(k), value: item(v) }));
    if (entries.some((entry) => entry.key === null)) throw new ValueError("a map has no null key");
    // Different keys in JavaScript may be one of the type: "1.0" and "1.00", two Dates of one time.
    const twice = new Set(entries.map((entry) => String(entry.key))).size < entries.length;
    if (twice) throw new ValueError("a map has no key twice");
    return mapValue(entries);
  };
}

function daysOf(value: unknown): number {
  return (typeof value === "string" ? daysOfDate(value) : undefined) ?? fail(value, "YYYY-MM-DD");
}

/** True for the text `YYYY-MM-DD` of a day that exists. */
export function isDate(value: unknown): value is string {
  return typeof value === "string" && daysOfDate(value) !== undefined;
}

const timestampText = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,6})0*)?(Z|[+-]\d\d:?\d\d)?$/;

/** Microseconds since the epoch of a Date or an ISO text of up to six decimal places. */
export function microsOf(value: unknown, zone: "required" | "none"): bigint {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return BigInt(value.getTime()) * 1000n;
  const usual = typeof value === "string" ? microsOfTimestamp(value, zone === "required") : undefined;
  if (usual !== undefined) return usual;
  const wanted = zone === "required" ? "a Date or an ISO timestamp with its offset" : "an ISO timestamp without offset";
  const match = typeof value === "string" ? timestampText.exec(value) : null;
  if (!match || (match[4] !== undefined) !== (zone === "required")) return fail(value, wanted);
  daysOf(match[1]);
  const seconds = Date.parse(`${match[1]}T${match[2]}${match[4] ?? "Z"}`);
  if (Number.isNaN(seconds)) return fail(value, wanted);
  return BigInt(seconds) * 1000n + BigInt((match[3] ?? "").padEnd(6, "0"));
}

function fail(value: unknown, wanted: string): never {
  const shown =
    typeof value === "string"
      ? JSON.stringify(value.slice(0, 60))
      : typeof value === "object"
        ? Object.prototype.toString.call(value)
        : String(value);
  throw new ValueError(`${shown} is not ${wanted}`);
}
