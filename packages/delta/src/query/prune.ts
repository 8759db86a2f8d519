import { CinelakeError } from "@cinelake/contracts/errors";
import type { Predicate, StructField } from "../api.ts";
import { countOf, parseStatistics, type Statistics } from "../data/statistics.ts";
import type { AddFile } from "../log/actions.ts";
import { physicalName } from "../schema/column_mapping.ts";
import { fieldOf } from "../schema/types.ts";
import { orderingOf, type Comparable, type Ordering } from "./compare.ts";
import type { Layout } from "./layout.ts";

/** What the log says of a file's rows. */
export type DescribedFile = Pick<AddFile, "path" | "partitionValues" | "stats">;

/** False only if no row of the file can satisfy all predicates, by its partition values and statistics. */
export function mayMatch(predicates: readonly Predicate[], file: DescribedFile, layout: Layout): boolean {
  let statistics: Statistics | undefined;
  for (const predicate of predicates) {
    const field = fieldOf(layout.schema, predicate.column);
    if (layout.partitionColumns.includes(field.name)) {
      if (partitionMatches(predicate, field, file, layout) === false) return false;
    } else {
      statistics ??= parseStatistics(file.stats);
      if (!statisticsMayMatch(predicate, field, physicalName(field, layout.mode), statistics)) return false;
    }
  }
  return true;
}

/**
 * Whether all rows of the file satisfy the predicates (or none does): for predicates over partition columns. Fails with
 * `delta_corrupt` for a partition value that its type cannot read.
 */
export function partitionSatisfies(predicates: readonly Predicate[], file: DescribedFile, layout: Layout): boolean {
  return predicates.every((predicate) => {
    const field = fieldOf(layout.schema, predicate.column);
    const matches = partitionMatches(predicate, field, file, layout);
    if (matches !== undefined) return matches;
    throw new CinelakeError(
      "delta_corrupt",
      `The partition value ${JSON.stringify(partitionText(field, file, layout))} of ${file.path} cannot be compared as ${JSON.stringify(field.type)}.`,
    );
  });
}

/** Exact answer by the file's partition value; undefined if it cannot be read. */
function partitionMatches(
  predicate: Predicate,
  field: StructField,
  file: DescribedFile,
  layout: Layout,
): boolean | undefined {
  const text = partitionText(field, file, layout);
  const isNull = text === null || text === undefined || text === "";
  if (predicate.op === "is null") return isNull;
  if (predicate.op === "is not null") return !isNull;
  if (isNull) return false;
  if (predicate.op === "contains") return text.includes(predicate.value);
  const ordering = orderingOf(field.type);
  const value = ordering?.fromText(text);
  if (!ordering || value === undefined) return undefined;
  const wanted = wantedValues(predicate, ordering);
  if (wanted.includes(undefined)) return undefined;
  return wanted.some((other) => holds(predicate.op, ordering.compare(value, other!)));
}

function partitionText(field: StructField, file: DescribedFile, { mode }: Layout): string | null | undefined {
  return file.partitionValues[physicalName(field, mode)];
}

/** Right for files with deletion vectors as well: what holds for all rows of a file holds for those that are left. */
function statisticsMayMatch(predicate: Predicate, field: StructField, name: string, statistics: Statistics): boolean {
  const { numRecords } = statistics;
  const nulls = countOf(statistics.nullCount[name]);
  if (numRecords === 0) return false;
  if (predicate.op === "is null") return nulls !== 0;
  if (numRecords !== undefined && nulls === numRecords) return false;
  if (predicate.op === "is not null" || predicate.op === "contains") return true;
  const ordering = orderingOf(field.type);
  if (!ordering) return true;
  const min = ordering.fromStatistic(statistics.minValues[name], "min");
  const max = ordering.fromStatistic(statistics.maxValues[name], "max");
  return wantedValues(predicate, ordering).some(
    (value) => value === undefined || Number.isNaN(value) || rangeMayHold(predicate.op, value, min, max, ordering),
  );
}

/** Whether a value between the bounds (an absent one is none) may compare so with `value`. */
function rangeMayHold(
  op: Predicate["op"],
  value: Comparable,
  min: Comparable | undefined,
  max: Comparable | undefined,
  ordering: Ordering,
): boolean {
  const toMin = min === undefined ? -1 : ordering.compare(min, value);
  const toMax = max === undefined ? 1 : ordering.compare(max, value);
  switch (op) {
    case "=":
    case "in":
      return toMin <= 0 && toMax >= 0;
    case "<":
      return toMin < 0;
    case "<=":
      return toMin <= 0;
    case ">":
      return toMax > 0 || ordering.mayHoldNaN;
    case ">=":
      return toMax >= 0 || ordering.mayHoldNaN;
    case "!=":
      return !ordering.exact || toMin !== 0 || toMax !== 0;
    default:
      return true;
  }
}

function wantedValues(predicate: Predicate, ordering: Ordering): (Comparable | undefined)[] {
  if (!("value" in predicate)) return [];
  if (predicate.op === "in") return predicate.value.map((value) => ordering.fromValue(value));
  return [ordering.fromValue(predicate.value)];
}

function holds(op: Predicate["op"], order: number): boolean {
  switch (op) {
    case "=":
    case "in":
      return order === 0;
    case "!=":
      return order !== 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    default:
      return false;
  }
}
