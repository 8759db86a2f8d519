import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { writeOut } from "../src/commands/table_output.ts";
import { csvHeader, csvLine, jsonLine } from "../src/commands/table_rows.ts";
import { atOf, predicatesOf } from "../src/commands/table_where.ts";

const field = (name: string, type: string) => ({ name, type, nullable: true, metadata: {} });
const nested = { a: 9007199254740993n, b: [1, null, { c: "x" }], m: new Map([[1, "one"]]) };

test.each<[unknown, string, string]>([
  [null, "null", ""],
  [9223372036854775807n, "9223372036854775807", "9223372036854775807"],
  [-12, "-12", "-12"],
  ["12345678901234567890.10", '"12345678901234567890.10"', "12345678901234567890.10"],
  [0.1, "0.1", "0.1"],
  [-0, "-0.0", "0"],
  [Number.NaN, '"NaN"', "NaN"],
  [-Infinity, '"-Infinity"', "-Infinity"],
  [true, "true", "true"],
  ["", '""', '""'],
  ['a,"b"\n', String.raw`"a,\"b\"\n"`, '"a,""b""\n"'],
  ["2026-01-31T00:00:00.000001Z", '"2026-01-31T00:00:00.000001Z"', "2026-01-31T00:00:00.000001Z"],
  [Uint8Array.of(255, 0), '"/wA="', "/wA="],
  [
    nested,
    '{"a":9007199254740993,"b":[1,null,{"c":"x"}],"m":{"1":"one"}}',
    '"{""a"":9007199254740993,""b"":[1,null,{""c"":""x""}],""m"":{""1"":""one""}}"',
  ],
])("values_keep_what_they_are: %o", (value, json, csv) => {
  expect(jsonLine({ value })).toBe(`{"value":${json}}`);
  expect(csvLine({ value }, ["value"])).toBe(csv);
});

test("a_header_is_quoted_as_fields_are, and columns keep their order", () => {
  expect(csvHeader(["b", 'a "x"', "c,d"])).toBe('b,"a ""x""","c,d"');
  expect(csvLine({ a: 1, b: 2 }, ["b", "a"])).toBe("2,1");
});

test("pieces_are_made_when_they_are_wanted: a reader that stalls holds the table's reading back", async () => {
  let made = 0;
  async function* pieces(): AsyncGenerator<string> {
    for (; made < 1000; made++) yield "x".repeat(10_000);
  }
  const release: (() => void)[] = [];
  let taken = 0;
  const slow = new Writable({
    highWaterMark: 1,
    write(_chunk, _encoding, done) {
      taken++;
      if (release.length === 0) release.push(done);
      else done();
    },
  });
  const done = writeOut(pieces(), slow, new AbortController().signal);
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(taken).toBe(1);
  expect(made).toBeLessThanOrEqual(4);
  release[0]!();
  await done;
  expect([made, taken]).toEqual([1000, 1000]);
});

test("a_reader_that_goes_away_ends_it_quietly, any other failure does not", async () => {
  async function* pieces(): AsyncGenerator<string> {
    for (;;) yield "x";
  }
  const failing = (code: string): Writable =>
    new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error("no"), { code })) });
  const { signal } = new AbortController();
  await writeOut(pieces(), failing("EPIPE"), signal);
  await expect(writeOut(pieces(), failing("ENOSPC"), signal)).rejects.toThrow("no");
});

const schema = {
  type: "struct",
  fields: [
    field("id", "long"),
    field("id x", "integer"),
    field("text", "string"),
    field("real", "double"),
    field("flag", "boolean"),
    field("day", "date"),
    field("a>=b", "string"),
  ],
} as const;
const where = (text: string): unknown => predicatesOf({ where: [text] }, schema)[0];

test.each<[string, unknown]>([
  ["id>=9007199254740993", { column: "id", op: ">=", value: 9007199254740993n }],
  ["id x != -3", { column: "id x", op: "!=", value: -3 }],
  ["text = 'it''s, so'", { column: "text", op: "=", value: "it's, so" }],
  ["text=", { column: "text", op: "=", value: "" }],
  ["text in a,'b,c', d", { column: "text", op: "in", value: ["a", "b,c", "d"] }],
  ["real<1e3", { column: "real", op: "<", value: 1000 }],
  ["flag=TRUE", { column: "flag", op: "=", value: true }],
  ["day<=2026-01-31", { column: "day", op: "<=", value: "2026-01-31" }],
  ["a>=b=c", { column: "a>=b", op: "=", value: "c" }],
  ["text is null", { column: "text", op: "is null" }],
  ["text IS NOT NULL", { column: "text", op: "is not null" }],
])("a_condition_is_typed_by_its_column: %s", (text, predicate) => {
  expect(where(text)).toEqual(predicate);
});

test.each([
  ["id=1.5", "id is a whole number, which 1.5 is not"],
  ["real=", "real is a number, which  is not"],
  ["flag=1", "flag is true or false"],
  ["nobody=1", "the columns are id, id x, text"],
  ["id", "give column>=value"],
])("a_condition_that_means_nothing_gets_one_line: %s", (text, message) => {
  expect(() => where(text)).toThrow(message);
});

test("times_are_utc_unless_they_say_otherwise", () => {
  const time = Date.UTC(2026, 0, 31, 12);
  for (const text of ["2026-01-31T12:00:00Z", "2026-01-31T12:00", "2026-01-31 12:00:00", "2026-01-31T13:00:00+01:00"]) {
    expect(atOf({ timestamp: text })).toEqual({ timestamp: time });
  }
  expect(atOf({ timestamp: "2026-01-31" })).toEqual({ timestamp: Date.UTC(2026, 0, 31) });
  expect(atOf({ version: 0 })).toEqual({ version: 0 });
  expect(atOf({})).toBeUndefined();
  expect(() => atOf({ timestamp: "yesterday" })).toThrow("--timestamp takes a time");
  expect(() => atOf({ timestamp: "2026-01-31", version: 1 })).toThrow("not both");
});
