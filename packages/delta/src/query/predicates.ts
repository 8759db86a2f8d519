import { CinelakeError } from "@cinelake/contracts/errors";
import type { Predicate, StructField, StructType } from "../api.ts";
import { decimalSize, fieldOf, isPrimitive, sqlType } from "../schema/types.ts";
import { quoteName, quoteText } from "../sql/quote.ts";
import { isoTimestamp } from "../sql/read_values.ts";
import { isDate, microsOf, ValueError } from "../sql/write_values.ts";

/** SQL condition of a conjunction over the table's columns; `TRUE` for none. Refuses with `invalid_argument` values that do not fit. */
export function predicateSql(predicates: readonly Predicate[], schema: StructType, alias?: string): string {
  if (predicates.length === 0) return "TRUE";
  return predicates
    .map((predicate) => {
      const field = fieldOf(schema, predicate.column);
      const column = alias ? `${alias}.${quoteName(field.name)}` : quoteName(field.name);
      if (!("value" in predicate)) return `${column} ${predicate.op.toUpperCase()}`;
      if (predicate.op === "in") {
        const values = predicate.value.map((value) => predicateLiteral(value, field));
        return values.length === 0 ? "FALSE" : `${column} IN (${values.join(", ")})`;
      }
      if (predicate.op === "contains") return `contains(${column}, ${containedLiteral(predicate.value, field)})`;
      return `${column} ${predicate.op} ${predicateLiteral(predicate.value, field)}`;
    })
    .join(" AND ");
}

function containedLiteral(value: unknown, field: StructField): string {
  if (field.type === "string") return predicateLiteral(value, field);
  throw new CinelakeError(
    "invalid_argument",
    `The column ${field.name} of type ${JSON.stringify(field.type)} holds no text that could contain another.`,
    { details: { column: field.name } },
  );
}

/** SQL literal of a predicate's value in its column's type. */
function predicateLiteral(value: unknown, field: StructField): string {
  const text = literalText(value, field);
  if (text === undefined) {
    const shown = value === null || value === undefined ? "null (use `is null`)" : JSON.stringify(value, bigintText);
    throw new CinelakeError(
      "invalid_argument",
      `The column ${field.name} of type ${JSON.stringify(field.type)} cannot be compared with ${shown}.`,
      { details: { column: field.name } },
    );
  }
  return `CAST(${quoteText(text)} AS ${sqlType(field.type)})`;
}

function literalText(value: unknown, { type }: StructField): string | undefined {
  if (!isPrimitive(type)) return undefined;
  switch (type) {
    case "byte":
    case "short":
    case "integer":
    case "long":
      return typeof value === "bigint" || Number.isSafeInteger(value) ? String(value) : undefined;
    case "float":
    case "double":
      return typeof value === "number" ? String(value) : undefined;
    case "string":
      return typeof value === "string" ? value : undefined;
    case "boolean":
      return typeof value === "boolean" ? String(value) : undefined;
    case "date":
      return isDate(value) ? value : undefined;
    case "timestamp":
      return instantText(value, "required");
    case "timestamp_ntz":
      return instantText(value, "none");
    case "binary":
      return undefined;
    default:
      return decimalText(value, type);
  }
}

function instantText(value: unknown, zone: "required" | "none"): string | undefined {
  try {
    return isoTimestamp(microsOf(value, zone), zone === "required" ? "Z" : "");
  } catch (error) {
    if (error instanceof ValueError) return undefined;
    throw error;
  }
}

function decimalText(value: unknown, type: string): string | undefined {
  const size = decimalSize(type);
  const text = typeof value === "number" || typeof value === "bigint" ? String(value) : value;
  const match = typeof text === "string" ? /^[+-]?0*(\d*)(?:\.(\d*?)0*)?$/.exec(text) : null;
  if (!size || !match || text === "") return undefined;
  const { precision, scale } = size;
  return match[1]!.length <= precision - scale && (match[2] ?? "").length <= scale ? (text as string) : undefined;
}

function bigintText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
