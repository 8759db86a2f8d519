import type { ColumnSpec } from "@cinelake/contracts";
import { columnsRead, identifier, literal } from "./sql_text.ts";

/** How one Silver column is judged, as SQL conditions over the typed relation of staging_sql.ts. */
export interface ColumnCheck {
  readonly column: string;
  /** Condition under which the row is rejected with `completeness: <column>`. */
  readonly incomplete: string | undefined;
  /** Condition under which the row is rejected with `validity: <column>`. */
  readonly invalid: string | undefined;
  /** Condition under which the value is set to null and counted under validity, the row being kept. */
  readonly nulled: string | undefined;
}

/** Latest instant that every engine can read; a table specification may ask for less. */
const LAST_INSTANT = "9999-12-31T23:59:59.999Z";

/** Names of the working columns: the typed value, whether its Bronze text was blank, whether that text was no whole number. */
export const working = {
  value: (column: string): string => identifier(`value_${column}`),
  blank: (column: string): string => identifier(`blank_${column}`),
  fraction: (column: string): string => identifier(`fraction_${column}`),
};

/**
 * The rules of M34 for one column:
 * - a required column without a usable value fails `completeness` if the Bronze text was null or blank, else `validity`;
 * - a value outside min, max, min_length or max_length fails `validity`, in a nullable column too;
 * - text that cannot be read fails `validity` in a nullable column if no other column reads that text (a title without a year is
 *   fine, a year column with `abc` is not); blank text is a plain null;
 * - a nullable column of the joined table never costs the row: what breaks a rule becomes null and is counted.
 */
export function columnCheck(column: ColumnSpec, alone: boolean): ColumnCheck {
  const value = working.value(column.name);
  const blank = working.blank(column.name);
  const outside = outsideLimits(column, value);
  const fraction = hasFraction({ column, alone }) ? [working.fraction(column.name)] : [];
  const wrong = [...outside, ...fraction];
  if (!column.nullable) {
    const unusable = any([`${value} IS NULL`, ...wrong]);
    return {
      column: column.name,
      incomplete: `${blank} AND ${unusable}`,
      invalid: `NOT ${blank} AND ${unusable}`,
      nulled: undefined,
    };
  }
  const reasons = alone ? [`${value} IS NULL`, ...wrong] : wrong;
  const broken = reasons.length === 0 ? undefined : `NOT ${blank} AND ${any(reasons)}`;
  if (column.joined === true) return { column: column.name, incomplete: undefined, invalid: undefined, nulled: broken };
  return { column: column.name, incomplete: undefined, invalid: broken, nulled: undefined };
}

/** A column to make: its expression, the Bronze columns that this reads, and whether no other column reads its only one. */
export interface ColumnInput {
  readonly column: ColumnSpec;
  readonly expression: string;
  readonly reads: readonly string[];
  readonly alone: boolean;
}

/** Columns with an expression, each with the Bronze columns it reads and whether it is the only one that reads them. */
export function columnInputs(columns: readonly ColumnSpec[], available: readonly string[]): ColumnInput[] {
  const inputs = columns.flatMap((column) =>
    column.expression === undefined
      ? []
      : [{ column, expression: column.expression, reads: columnsRead(column.expression, available) }],
  );
  return inputs.map((input) => ({
    ...input,
    alone:
      input.reads.length === 1 &&
      inputs.every((other) => other === input || !other.reads.includes(input.reads[0] as string)),
  }));
}

/** Working columns of one Silver column: SQL select items over the Bronze relation. */
export function workingColumns(input: ColumnInput): string[] {
  const { column, reads, expression } = input;
  const blank = reads.map((name) => `coalesce(trim(${identifier(name)}) = '', true)`);
  const items = [
    `TRY(${expression}) AS ${working.value(column.name)}`,
    `${blank.length === 0 ? "false" : blank.join(" AND ")} AS ${working.blank(column.name)}`,
  ];
  if (hasFraction(input)) {
    const text = `trim(${identifier(reads[0] as string)})`;
    items.push(`NOT coalesce(regexp_full_match(${text}, '[+-]?[0-9]+'), true) AS ${working.fraction(column.name)}`);
  }
  return items;
}

/** Whether the Bronze text must be a whole number: a cast alone would round `1.6` to another film's id. */
export function hasFraction(input: Pick<ColumnInput, "column" | "alone">): boolean {
  return input.alone && (input.column.type === "long" || input.column.type === "integer");
}

function outsideLimits(column: ColumnSpec, value: string): string[] {
  const limit = (bound: number | string): string => {
    const text = typeof bound === "number" ? String(bound) : literal(bound);
    return column.type === "timestamp" ? `${text}::TIMESTAMPTZ` : text;
  };
  const max = column.max ?? (column.type === "timestamp" ? LAST_INSTANT : undefined);
  const found: string[] = [];
  if (column.min !== undefined) found.push(`${value} < ${limit(column.min)}`);
  if (max !== undefined) found.push(`${value} > ${limit(max)}`);
  if (column.min_length !== undefined) found.push(`length(${value}) < ${column.min_length}`);
  if (column.max_length !== undefined) found.push(`length(${value}) > ${column.max_length}`);
  return found;
}

function any(conditions: readonly string[]): string {
  return `coalesce(${conditions.join(" OR ")}, false)`;
}
