import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { StructField } from "@cinelake/delta";
import { fileStatistics, indexedLeaves, parseStatistics, truncatedMax } from "../../src/data/statistics.ts";
import { compareUtf8 } from "../../src/query/compare.ts";
import { struct } from "../support/tables.ts";

function statistics(
  columns: readonly StructField[],
  leaves: Record<string, Record<string, string>>,
  configuration: Readonly<Record<string, string>> = {},
): unknown {
  const given = new Map(Object.entries(leaves).map(([key, leaf]) => [key, new Map(Object.entries(leaf))]));
  const schema = { type: "struct" as const, fields: columns };
  return fileStatistics(5, given, columns, indexedLeaves(schema, { configuration, partitionColumns: [] }, "none"));
}
const one = (type: string, leaf: Record<string, string>): unknown => {
  const text = statistics(struct({ a: type }).fields, { '"a"': { null_count: "1", ...leaf } }) as string;
  const { minValues, maxValues } = JSON.parse(text) as Record<string, Record<string, unknown>>;
  return [minValues!.a, maxValues!.a];
};

test.each<[string, string, Record<string, string>, unknown]>([
  ["integer", "integer", { min: "-5", max: "7" }, [-5, 7]],
  ["date", "date", { min: "1999-12-31", max: "2000-01-01" }, ["1999-12-31", "2000-01-01"]],
  ["date beyond four digits", "date", { min: "2000-01-01", max: "12000-01-01" }, ["2000-01-01", undefined]],
  ["double", "double", { min: "0.5", max: "1.5", has_nan: "false" }, [0.5, 1.5]],
  ["double with NaN has no maximum", "double", { min: "0.5", max: "1.5", has_nan: "true" }, [0.5, undefined]],
  ["infinities bound nothing", "double", { min: "-inf", max: "inf", has_nan: "false" }, [undefined, undefined]],
  [
    "float as the float is",
    "float",
    { min: "0.1", max: "0.1", has_nan: "false" },
    [Math.fround(0.1), Math.fround(0.1)],
  ],
  [
    "timestamp cut to milliseconds",
    "timestamp",
    { min: "2020-01-01 00:00:00.000999+00", max: "2020-01-01 00:00:00.1239+00" },
    ["2020-01-01T00:00:00.000Z", "2020-01-01T00:00:00.123Z"],
  ],
  [
    "timestamp without fraction",
    "timestamp",
    { min: "2020-01-01 00:00:00+00", max: "2020-01-01 00:00:00+00" },
    ["2020-01-01T00:00:00.000Z", "2020-01-01T00:00:00.000Z"],
  ],
  [
    "timestamp_ntz",
    "timestamp_ntz",
    { min: "2020-01-01 00:00:00.5", max: "2020-01-01 00:00:00.5" },
    ["2020-01-01T00:00:00.500", "2020-01-01T00:00:00.500"],
  ],
  ["string", "string", { min: "", max: "é" }, ["", "é"]],
  ["boolean", "boolean", { min: "0", max: "1" }, [false, true]],
  ["binary has none", "binary", { min: "a", max: "b" }, [undefined, undefined]],
  ["nothing but nulls", "integer", {}, [undefined, undefined]],
])("bounds_by_type: %s", (_name, type, leaf, expected) => {
  expect(one(type, leaf)).toEqual(expected);
});

test("long_and_decimal_keep_their_digits", () => {
  const text = statistics(struct({ a: "long", b: "decimal(38,10)" }).fields, {
    '"a"': { min: "-9223372036854775808", max: "9223372036854775807", null_count: "0" },
    '"b"': { min: "1.0000000001", max: "1234567890123456789012345678.0000000001", null_count: "0" },
  }) as string;
  expect(text).toContain('"minValues":{"a":-9223372036854775808,"b":1.0000000001}');
  expect(text).toContain('"maxValues":{"a":9223372036854775807,"b":1234567890123456789012345678.0000000001}');
  expect(parseStatistics(text).maxValues!.a).toBe(9223372036854775807n);
});

test("statistics_are_nested_like_the_schema, without arrays and maps", () => {
  const columns = struct({
    s: struct({ i: "integer", inner: struct({ t: "string" }) }),
    list: { type: "array", elementType: "integer", containsNull: true },
  }).fields;
  const leaf = { min: "1", max: "2", null_count: "3" };
  expect(
    JSON.parse(statistics(columns, { '"s"."i"': leaf, '"s"."inner"."t"': leaf, '"list"."element"': leaf }) as string),
  ).toEqual({
    numRecords: 5,
    tightBounds: true,
    minValues: { s: { i: 1, inner: { t: "1" } } },
    maxValues: { s: { i: 2, inner: { t: "2" } } },
    nullCount: { s: { i: 3, inner: { t: 3 } } },
  });
});

test("only_the_first_32_leaves_count", () => {
  const columns = struct(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`c${i}`, "integer"]))).fields;
  const leaves = Object.fromEntries(columns.map(({ name }) => [`"${name}"`, { min: "1", max: "2", null_count: "0" }]));
  const { nullCount } = JSON.parse(statistics(columns, leaves) as string) as { nullCount: Record<string, number> };
  expect(Object.keys(nullCount)).toEqual(Array.from({ length: 32 }, (_, i) => `c${i}`));
});

test.each<[string, Record<string, string>, string[]]>([
  ["a number of them", { "delta.dataSkippingNumIndexedCols": "2" }, ["a", "s.b"]],
  ["all", { "delta.dataSkippingNumIndexedCols": "-1" }, ["a", "s.b", "s.c", "odd,name"]],
  ["none", { "delta.dataSkippingNumIndexedCols": "0" }, []],
  ["named ones", { "delta.dataSkippingStatsColumns": "s.c, `odd,name`" }, ["s.c", "odd,name"]],
  ["a named struct", { "delta.dataSkippingStatsColumns": "S" }, ["s.b", "s.c"]],
])("properties_choose_the_indexed_columns: %s", (_name, configuration, expected) => {
  const schema = struct({ a: "long", s: struct({ b: "long", c: "long" }), "odd,name": "long" });
  const isIndexed = indexedLeaves(schema, { configuration, partitionColumns: [] }, "none");
  const leaves = [["a"], ["s", "b"], ["s", "c"], ["odd,name"]];
  expect(leaves.filter(isIndexed).map((path) => path.join("."))).toEqual(expected);
});

test("truncated_maximum_is_no_less: by UTF-8 order, whatever the characters", () => {
  const character = fc.oneof(
    fc.constantFrom("a", "~", "\u007f", "é", "\uffff", "\u{10ffff}"),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  );
  fc.assert(
    fc.property(fc.array(character, { maxLength: 40 }), (characters) => {
      const text = characters.join("");
      const max = truncatedMax(text);
      if (max === undefined) return;
      expect(compareUtf8(max, text)).toBeGreaterThanOrEqual(0);
      expect(Array.from(max).length).toBeLessThanOrEqual(33);
    }),
  );
});

test.each([undefined, "", "{", "5", "null", '{"numRecords":"x'])("broken_statistics_are_none: %s", (text) => {
  expect(parseStatistics(text).numRecords).toBeUndefined();
});
