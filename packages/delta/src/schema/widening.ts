import type { DataType, StructType } from "../api.ts";
import { fieldId, physicalName, type MappingMode } from "./column_mapping.ts";
import { decimalSize } from "./types.ts";

/** Types that a primitive type may become while its files stay (PROTOCOL.md, type widening), besides decimals. */
const WIDER: Readonly<Record<string, readonly string[]>> = {
  byte: ["short", "integer", "long", "double"],
  short: ["integer", "long", "double"],
  integer: ["long", "double"],
  float: ["double"],
  date: ["timestamp_ntz"],
};
const INTEGER_DIGITS: Readonly<Record<string, number>> = { byte: 3, short: 5, integer: 10, long: 20 };

/** The first column of `older` whose files `newer` cannot read, by its path; undefined if it can read them all. */
export function unreadableColumn(newer: StructType, older: StructType, mode: MappingMode): string | undefined {
  for (const field of older.fields) {
    const now = newer.fields.find((candidate) =>
      mode === "id" && fieldId(candidate) !== undefined && fieldId(field) !== undefined
        ? fieldId(candidate) === fieldId(field)
        : physicalName(candidate, mode) === physicalName(field, mode),
    );
    if (now && !reads(now.type, field.type, mode)) return field.name;
  }
  return undefined;
}

function reads(now: DataType, then: DataType, mode: MappingMode): boolean {
  if (typeof now === "string" || typeof then === "string") {
    return typeof now === "string" && typeof then === "string" && (now === then || isWider(now, then));
  }
  if (now.type === "struct") return then.type === "struct" && unreadableColumn(now, then, mode) === undefined;
  if (now.type === "array") return then.type === "array" && reads(now.elementType, then.elementType, mode);
  return then.type === "map" && reads(now.keyType, then.keyType, mode) && reads(now.valueType, then.valueType, mode);
}

function isWider(now: string, then: string): boolean {
  const size = decimalSize(now);
  if (!size) return WIDER[then]?.includes(now) ?? false;
  const before = decimalSize(then);
  const scale = before?.scale ?? 0;
  const digits = before ? before.precision - before.scale : (INTEGER_DIGITS[then] ?? Infinity);
  return size.scale >= scale && size.precision - size.scale >= digits;
}
