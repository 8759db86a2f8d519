import {
  DuckDBTypeId,
  type DuckDBArrayType,
  type DuckDBListType,
  type DuckDBMapType,
  type DuckDBStructType,
  type DuckDBType,
} from "@duckdb/node-api";

type Read = (value: never) => unknown;
interface Entry {
  readonly key: unknown;
  readonly value: unknown;
}

/** The function that turns a non-null value of DuckDB's type into the JavaScript value that `Row` promises. */
export function valueReader(type: DuckDBType): (value: unknown) => unknown {
  const read = readerOf(type) as (value: unknown) => unknown;
  return (value) => (value === null ? null : read(value));
}

function readerOf(type: DuckDBType): Read {
  switch (type.typeId) {
    case DuckDBTypeId.BIGINT:
    case DuckDBTypeId.UBIGINT:
    case DuckDBTypeId.HUGEINT:
    case DuckDBTypeId.UHUGEINT:
    case DuckDBTypeId.BIGNUM:
      return safeNumber;
    case DuckDBTypeId.TIMESTAMP_TZ:
      return (value: { micros: bigint }) => isoTimestamp(value.micros, "Z");
    case DuckDBTypeId.TIMESTAMP:
      return (value: { micros: bigint }) => isoTimestamp(value.micros, "");
    case DuckDBTypeId.TIMESTAMP_MS:
      return (value: { millis: bigint }) => isoTimestamp(value.millis * 1000n, "");
    case DuckDBTypeId.TIMESTAMP_S:
      return (value: { seconds: bigint }) => isoTimestamp(value.seconds * 1_000_000n, "");
    case DuckDBTypeId.BLOB:
      return (value: { bytes: Uint8Array }) => Uint8Array.from(value.bytes);
    case DuckDBTypeId.LIST:
    case DuckDBTypeId.ARRAY: {
      const item = valueReader((type as DuckDBListType | DuckDBArrayType).valueType);
      return (value: { items: readonly unknown[] }) => value.items.map(item);
    }
    case DuckDBTypeId.STRUCT:
      return structReader(type as DuckDBStructType);
    case DuckDBTypeId.MAP: {
      const key = valueReader((type as DuckDBMapType).keyType);
      const item = valueReader((type as DuckDBMapType).valueType);
      return (value: { entries: readonly Entry[] }) =>
        new Map(value.entries.map((entry) => [key(entry.key), item(entry.value)]));
    }
    case DuckDBTypeId.BOOLEAN:
    case DuckDBTypeId.TINYINT:
    case DuckDBTypeId.SMALLINT:
    case DuckDBTypeId.INTEGER:
    case DuckDBTypeId.UTINYINT:
    case DuckDBTypeId.USMALLINT:
    case DuckDBTypeId.UINTEGER:
    case DuckDBTypeId.FLOAT:
    case DuckDBTypeId.DOUBLE:
    case DuckDBTypeId.VARCHAR:
    case DuckDBTypeId.ENUM:
      return (value: unknown) => value;
    default:
      return String;
  }
}

function structReader(type: DuckDBStructType): Read {
  const fields = type.entryNames.map((name, index) => ({ name, read: valueReader(type.entryTypes[index]!) }));
  return (value: { entries: Readonly<Record<string, unknown>> }) =>
    Object.fromEntries(fields.map(({ name, read }) => [name, read(value.entries[name] ?? null)]));
}

function safeNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** `YYYY-MM-DDTHH:MM:SS.ffffff` and the zone; beyond what Date can hold, microseconds as text. */
export function isoTimestamp(micros: bigint, zone: string): string {
  const millis = (micros - (((micros % 1000n) + 1000n) % 1000n)) / 1000n;
  if (millis > 8_640_000_000_000_000n || millis < -8_640_000_000_000_000n) return `${micros}us`;
  const rest = String(micros - millis * 1000n).padStart(3, "0");
  return `${new Date(Number(millis)).toISOString().slice(0, -1)}${rest}${zone}`;
}
