import { quoteName } from "../sql/quote.ts";

const maxColumns = 16;
const maxBitsOfColumn = 16;

/** Most columns that a Z-order curve can run over. */
export const MAX_CURVE_COLUMNS: number = maxColumns;

/**
 * A query of the relation's `names` and the row's place along a Z-order curve over `columns` (of any type with an order; nulls come
 * first), from 0, as `place`; its rows come in that order. A column's value counts by its rank among the rows, not by itself, so that the
 * curve fits any distribution; equal values have one rank.
 */
export function zOrderSql(
  relation: string,
  columns: readonly string[],
  names: readonly string[],
  place: string,
): string {
  const list = names.map(quoteName).join(", ");
  const ranks = columns.map((_, index) => quoteName(`${place}_rank${index}`));
  const ranked = columns.map(
    (column, index) =>
      `((rank() OVER (ORDER BY ${quoteName(column)} ASC NULLS FIRST) - 1) * ${2 ** bitsOf(columns)} // count(*) OVER ())::UBIGINT AS ${ranks[index]!}`,
  );
  const curve = `(SELECT ${list}, ${ranked.join(", ")} FROM ${relation})`;
  const key = interleaved(ranks, bitsOf(columns));
  return `SELECT ${list}, row_number() OVER (ORDER BY ${key}) - 1 AS ${quoteName(place)} FROM ${curve} ORDER BY ${quoteName(place)}`;
}

/** A number of up to 64 bits that takes a bit of each value in turn, the highest first. */
function interleaved(values: readonly string[], bits: number): string {
  const terms = values.flatMap((value, index) =>
    Array.from({ length: bits }, (_, bit) => {
      const target = bit * values.length + (values.length - 1 - index);
      return `(((${value} >> ${bit}) & 1::UBIGINT) << ${target})`;
    }),
  );
  return terms.join(" | ");
}

function bitsOf(columns: readonly string[]): number {
  return Math.min(maxBitsOfColumn, Math.floor(64 / columns.length));
}
