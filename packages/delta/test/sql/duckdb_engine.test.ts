import { existsSync } from "node:fs";
import { findError } from "@cinelake/contracts";
import { temporaryDirectory } from "@cinelake/testkit";
import { describe, expect, test } from "vitest";
import { openSqlEngine } from "@cinelake/delta";

const columns = [
  { name: "byte", type: "TINYINT" },
  { name: "int", type: "INTEGER" },
  { name: "long", type: "BIGINT" },
  { name: "real", type: "DOUBLE" },
  { name: "float", type: "FLOAT" },
  { name: "money", type: "DECIMAL(10,2)" },
  { name: "text", type: "VARCHAR" },
  { name: "flag", type: "BOOLEAN" },
  { name: "bytes", type: "BLOB" },
  { name: "day", type: "DATE" },
  { name: "at", type: "TIMESTAMP WITH TIME ZONE" },
  { name: "local", type: "TIMESTAMP" },
  { name: "list", type: "FLOAT[]" },
  { name: "struct", type: "STRUCT(a BIGINT, b VARCHAR[])" },
  { name: "map", type: "MAP(VARCHAR, INTEGER)" },
];

const full = {
  byte: -128,
  int: 2 ** 31 - 1,
  long: 9223372036854775807n,
  real: 0.1,
  float: Math.fround(0.1),
  money: "-12.30",
  text: "a'\u0000é😀",
  flag: true,
  bytes: new Uint8Array([0, 255]),
  day: "1969-12-31",
  at: "1969-12-31T23:59:59.999999Z",
  local: "2020-02-29T01:02:03.000004",
  list: [1.5, null, Number.NaN],
  struct: { a: 5, b: ["x", null] },
  map: new Map([["k", 1]]),
};

test("values_round_trip: every type comes back as it was written", async () => {
  await using engine = await openSqlEngine({ threads: 1 });
  const empty = Object.fromEntries(columns.map(({ name }) => [name, null]));
  expect(await engine.load("t", columns, [full, {}, empty])).toBe(3);
  expect(await engine.rows("SELECT * FROM t")).toEqual([full, empty, empty]);
});

test.each([
  ["int", 2 ** 31],
  ["int", 1.5],
  ["long", 2 ** 53],
  ["text", 1],
  ["float", 1e300],
  ["money", "1.234"],
  ["money", "123456789.00"],
  ["day", "2021-02-31"],
  ["at", "2021-02-03T00:00:00"],
  ["at", "2021-02-30T00:00:00Z"],
  ["local", "2021-02-03T00:00:00Z"],
  ["struct", { c: 1 }],
  ["no_column", 1],
])("wrong_values_are_refused: %s = %s names the column and leaves no table", async (column, value) => {
  await using engine = await openSqlEngine({ threads: 1 });
  const error = findError(await engine.load("t", columns, [{ [column]: value }]).catch((e: unknown) => e));
  expect(error).toMatchObject({ code: "delta_schema_mismatch", details: { column } });
  await expect(engine.rows("SELECT * FROM t")).rejects.toThrow(/does not exist/);
});

test("timestamps_keep_their_instant: offsets and Dates become UTC", async () => {
  await using engine = await openSqlEngine({ threads: 1 });
  const at = ["2020-01-01T02:00:00.5+02:00", new Date(Date.UTC(2020, 0, 1)), "2020-01-01 00:00:00Z"];
  await engine.load(
    "t",
    [{ name: "at", type: "TIMESTAMPTZ" }],
    at.map((value) => ({ at: value })),
  );
  expect(await engine.rows("SELECT t.at, t.at::VARCHAR AS text FROM t")).toEqual([
    { at: "2020-01-01T00:00:00.500000Z", text: "2020-01-01 00:00:00.5+00" },
    { at: "2020-01-01T00:00:00.000000Z", text: "2020-01-01 00:00:00+00" },
    { at: "2020-01-01T00:00:00.000000Z", text: "2020-01-01 00:00:00+00" },
  ]);
});

describe("one connection", () => {
  test("statements_may_overlap: a stream is whole even if other statements run while it is read", async () => {
    await using engine = await openSqlEngine({ threads: 1 });
    let sum = 0;
    for await (const batch of engine.batches<{ i: number }>("SELECT i FROM range(20000) t(i)")) {
      sum += batch.length;
      expect(await Promise.all([engine.rows("SELECT 1 AS a"), engine.rows("SELECT 2 AS a")])).toEqual([
        [{ a: 1 }],
        [{ a: 2 }],
      ]);
    }
    expect(sum).toBe(20000);
  });

  test("rows_may_come_from_the_same_engine", async () => {
    await using engine = await openSqlEngine({ threads: 1 });
    async function* rows(): AsyncIterable<{ i: number }> {
      for await (const batch of engine.batches<{ i: number }>("SELECT i FROM range(10000) t(i)")) yield* batch;
    }
    expect(await engine.load("copy", [{ name: "i", type: "INTEGER" }], rows())).toBe(10000);
  });

  test("an_error_does_not_stop_the_next_statement", async () => {
    await using engine = await openSqlEngine({ threads: 1 });
    await expect(engine.rows("SELECT nonsense")).rejects.toThrow(/nonsense/);
    expect(await engine.rows("SELECT ?::INTEGER AS a, ? AS b, ? AS c", [1, "x", null])).toEqual([
      { a: 1, b: "x", c: null },
    ]);
  });

  test("sessions_have_their_own_temporary_tables", async () => {
    await using engine = await openSqlEngine({ threads: 1 });
    await using session = await engine.session();
    await session.run("CREATE TEMP TABLE mine AS SELECT 1 AS a");
    await expect(engine.rows("FROM mine")).rejects.toThrow(/mine/);
    expect(await session.rows("FROM mine")).toEqual([{ a: 1 }]);
  });
});

test("columns_gives_typed_arrays", async () => {
  await using engine = await openSqlEngine({ threads: 1 });
  const columns = await engine.columns(
    "SELECT i::INTEGER AS i, i::BIGINT AS l, i::FLOAT AS f, NULLIF(i, 1)::INTEGER AS n, NULLIF(i, 1)::DOUBLE AS d, i::VARCHAR AS s, to_timestamp(i) AS t FROM range(3000) r(i)",
  );
  expect(columns.i).toBeInstanceOf(Int32Array);
  expect(columns.l).toBeInstanceOf(Float64Array);
  expect(columns.f).toBeInstanceOf(Float32Array);
  expect([columns.i!.length, columns.i![2999], columns.n![1], columns.d![1], columns.s![7], columns.t![1]]).toEqual([
    3000,
    2999,
    0,
    Number.NaN,
    "7",
    1_000_000,
  ]);
});

test("dispose_removes_what_it_made", async () => {
  await using directory = await temporaryDirectory();
  const engine = await openSqlEngine({ threads: 1, temporaryDirectory: directory.path });
  const session = await engine.session();
  await engine[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
  await expect(session.rows("SELECT 1")).rejects.toThrow(/closed/);
  expect(existsSync(directory.path)).toBe(true);
});

test("a_stream_may_be_left_early", async () => {
  await using engine = await openSqlEngine({ threads: 1 });
  for await (const batch of engine.batches("SELECT * FROM range(100000)")) {
    expect(batch.length).toBeGreaterThan(0);
    break;
  }
  await using session = await engine.session();
  for await (const batch of session.batches("SELECT * FROM range(100000)")) {
    expect(batch.length).toBeGreaterThan(0);
    await session[Symbol.asyncDispose]();
    break;
  }
  expect(await engine.rows("SELECT 1 AS a")).toEqual([{ a: 1 }]);
});
