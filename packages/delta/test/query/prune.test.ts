import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTable, type DeltaTable, type Predicate, type Row } from "@cinelake/delta";
import { mayMatch, partitionSatisfies } from "../../src/query/prune.ts";
import { deleteByVectors } from "../support/hand_made.ts";
import { openLake, rowsOf, sorted, struct, type Lake } from "../support/tables.ts";

const long = "0123456789".repeat(4);
const DOMAIN: Readonly<Record<string, readonly unknown[]>> = {
  i: [-5, 0, 1, 7, 2147483647],
  l: [-9223372036854775808n, -1, 9007199254740993n, 9007199254740992n, 9223372036854775807n],
  f: [Math.fround(0.1), -0, 1.5, Number.NaN, Infinity, -Infinity],
  d: [0.1, 1e300, -1, Number.NaN],
  n: ["0.10", "-12.30", "99999999.99"],
  s: ["", "a", "é", "\uffff", "😀", `${long}a`, `${long}b`, `${long}`],
  day: ["1969-12-31", "2020-02-29", "2020-03-01"],
  at: [
    "2020-01-01T00:00:00.000001Z",
    "2020-01-01T00:00:00.000999Z",
    "2020-01-01T00:00:00.001000Z",
    "1969-12-31T23:59:59.999999Z",
  ],
  b: [true, false],
  p: ["x", "y z", "é"],
  q: [-1, 10, 9],
};
const types = {
  i: "integer",
  l: "long",
  f: "float",
  d: "double",
  n: "decimal(10,2)",
  s: "string",
  day: "date",
  at: "timestamp",
  b: "boolean",
  p: "string",
  q: "long",
};
const columns = Object.keys(DOMAIN);

const rowArbitrary = fc.record(
  Object.fromEntries(columns.map((name) => [name, fc.option(fc.constantFrom(...DOMAIN[name]!), { freq: 5 })])),
);
const predicate: fc.Arbitrary<Predicate> = fc.constantFrom(...columns).chain((column) => {
  const value = fc.constantFrom(...DOMAIN[column]!);
  return fc.oneof(
    fc.record({ column: fc.constant(column), op: fc.constantFrom("=", "!=", "<", "<=", ">", ">=" as const), value }),
    fc.record({
      column: fc.constant(column),
      op: fc.constant("in" as const),
      value: fc.array(value, { maxLength: 3 }),
    }),
    fc.record({ column: fc.constant(column), op: fc.constantFrom("is null", "is not null" as const) }),
    fc.record({
      column: fc.constantFrom("s", "p"),
      op: fc.constant("contains" as const),
      value: fc.constantFrom("", "a", "é", "4567", "y z"),
    }),
  ) as fc.Arbitrary<Predicate>;
});

let lake: Lake;
beforeAll(async () => {
  lake = await openLake();
});
afterAll(() => lake[Symbol.asyncDispose]());

test("pruning_never_loses_a_row: scans with predicates give what filtering all rows gives, of mapped tables and with deletion vectors too", async () => {
  let pruned = 0;
  let tables = 0;
  const files = fc.array(fc.array(rowArbitrary, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(
      files,
      fc.array(fc.array(predicate, { minLength: 1, maxLength: 2 }), { minLength: 12, maxLength: 12 }),
      fc.constantFrom("none", "name", "id"),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
      async (batches, filters, mode, deleted) => {
        const context = { ...lake.context, path: `prune${tables++}` };
        const configuration = { "delta.columnMapping.mode": mode, "delta.enableDeletionVectors": "true" };
        const table = await createTable(context, {
          schema: struct(types),
          configuration,
          partitionColumns: ["p", "q"],
        });
        for (const rows of batches) await table.append({ rows });
        await deleteByVectors(context, (place) => (deleted[place % deleted.length] ? [0] : []));
        const all = await rowsOf(table);
        const snapshot = await table.snapshot();
        for (const where of filters) {
          await using scan = await snapshot.scan({ where });
          if (scan.files < scan.totalFiles) pruned++;
          const found = sorted(await lake.engine.rows<Row>(`SELECT * FROM ${scan.sql}`));
          expect(found).toEqual(all.filter((row) => where.every((one) => holds(one, row))));
        }
      },
    ),
    { numRuns: 15 },
  );
  expect(pruned).toBeGreaterThan(20);
});

/** SQL's meaning of a predicate, with NaN equal to itself and above all numbers. */
function holds(one: Predicate, row: Row): boolean {
  const value = row[one.column];
  if (one.op === "is null") return value === null;
  if (value === null) return false;
  if (one.op === "is not null") return true;
  if (one.op === "contains") return (value as string).includes(one.value);
  if (one.op === "in") return one.value.some((other) => compare(value, other) === 0);
  const order = compare(value, (one as { value: unknown }).value);
  return { "=": order === 0, "!=": order !== 0, "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0 }[
    one.op
  ];
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === "string" && /^-?\d+\.\d\d$/.test(a)) return Number(a) - Number(b);
  if (typeof a === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b as string));
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a === b || a == b ? 0 : (a as number) < (b as number) ? -1 : 1;
}

const layout = {
  schema: struct({ a: "long", f: "double", s: "string", at: "timestamp", p: "date" }),
  partitionColumns: ["p"],
  mode: "none" as const,
};
const file = (stats: unknown, p: string | null = null): Parameters<typeof mayMatch>[1] => ({
  path: "f",
  partitionValues: { p },
  stats: typeof stats === "string" ? stats : JSON.stringify(stats),
});
const bounds = (name: string, min: unknown, max: unknown): object => ({
  numRecords: 9,
  nullCount: { [name]: 1 },
  minValues: { [name]: min },
  maxValues: { [name]: max },
});

test.each<[string, Predicate, unknown, boolean]>([
  ["below", { column: "a", op: "<", value: 5 }, bounds("a", 5, 9), false],
  ["within", { column: "a", op: "=", value: 7 }, bounds("a", 5, 9), true],
  ["above", { column: "a", op: ">", value: 9 }, bounds("a", 5, 9), false],
  ["in none", { column: "a", op: "in", value: [1, 10] }, bounds("a", 5, 9), false],
  ["only that value", { column: "a", op: "!=", value: 5 }, bounds("a", 5, 5), false],
  ["no nulls", { column: "a", op: "is null" }, { numRecords: 9, nullCount: { a: 0 } }, false],
  ["only nulls", { column: "a", op: "is not null" }, { numRecords: 9, nullCount: { a: 9 } }, false],
  [
    "only nulls are equal to nothing",
    { column: "a", op: "=", value: 1 },
    { numRecords: 9, nullCount: { a: 9 } },
    false,
  ],
  ["no statistics", { column: "a", op: "=", value: 1 }, {}, true],
  ["broken statistics", { column: "a", op: "=", value: 1 }, "{", true],
  ["bounds of another type", { column: "a", op: "=", value: 1 }, bounds("a", "5", "9"), true],
  ["NaN may hide above the maximum of other writers", { column: "f", op: ">", value: 10 }, bounds("f", 1, 9), true],
  ["NaN is below nothing", { column: "f", op: "<", value: 1 }, bounds("f", 1, 9), false],
  ["NaN itself is in no statistics", { column: "f", op: "=", value: Number.NaN }, bounds("f", 1, 9), true],
  [
    "a maximum cut to milliseconds",
    { column: "at", op: ">", value: "2020-01-01T00:00:00.000500Z" },
    bounds("at", "2019-01-01T00:00:00.000Z", "2020-01-01T00:00:00.000Z"),
    true,
  ],
  [
    "beyond that millisecond",
    { column: "at", op: ">=", value: "2020-01-01T00:00:00.001Z" },
    bounds("at", "2019-01-01T00:00:00.000Z", "2020-01-01T00:00:00.000Z"),
    false,
  ],
  [
    "statistics in another zone",
    { column: "at", op: "<", value: "2020-01-01T00:00:00Z" },
    bounds("at", "2020-01-01T00:00:00.000+02:00", "2020-01-02T00:00:00.000Z"),
    true,
  ],
  ["order of UTF-8, not of UTF-16", { column: "s", op: ">", value: "\uffff" }, bounds("s", "a", "😀"), true],
])("file_is_skipped_only_for_sure: %s", (_name, one, stats, expected) => {
  expect(mayMatch([one], file(stats), layout)).toBe(expected);
});

test.each<[string | null, Predicate["op"], unknown, boolean]>([
  ["2020-01-01", "=", "2020-01-01", true],
  ["2020-01-01", "<", "2020-01-01", false],
  [null, "is null", undefined, true],
  ["", "is null", undefined, true],
  [null, "!=", "2020-01-01", false],
])("partition_is_decided_exactly: %s %s %s", (value, op, other, expected) => {
  expect(partitionSatisfies([{ column: "p", op, value: other } as Predicate], file({}, value), layout)).toBe(expected);
});

test("a_partition_value_of_another_type_is_not_guessed", () => {
  expect(mayMatch([{ column: "p", op: "=", value: "2020-01-01" }], file({}, "soon"), layout)).toBe(true);
  expect(() => partitionSatisfies([{ column: "p", op: "=", value: "2020-01-01" }], file({}, "soon"), layout)).toThrow(
    /soon/,
  );
});

test.each<[string, Predicate]>([
  ["a number for a string", { column: "s", op: "=", value: 1 }],
  ["null", { column: "a", op: "=", value: null }],
  ["a fraction for a long", { column: "a", op: "<", value: 1.5 }],
  ["a day that is none", { column: "p", op: "=", value: "2021-02-31" }],
  ["a timestamp without zone", { column: "at", op: "=", value: "2020-01-01T00:00:00" }],
  ["an unknown column", { column: "nope", op: "is null" }],
])("predicates_are_checked: %s", async (_name, one) => {
  const table: DeltaTable = await createTable({ ...lake.context, path: `checked_${crypto.randomUUID()}` }, layout);
  await expect((await table.snapshot()).scan({ where: [one] })).rejects.toMatchObject({ code: "invalid_argument" });
});
