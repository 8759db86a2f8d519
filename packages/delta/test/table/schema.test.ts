import { expect, test } from "vitest";
import { createTable, type Source } from "@cinelake/delta";
import { findError } from "@cinelake/contracts";
import { commitOf, keysBelow, openLake, rowsOf, struct } from "../support/tables.ts";

const floats = { type: "array", elementType: "float", containsNull: false } as const;
const schema = struct({
  "id!": "long",
  small: "short",
  real: "double",
  text: "string",
  at: "timestamp",
  money: "decimal(10,2)",
  list: floats,
  "p!": "string",
});

test.each<[string, string, Source]>([
  ["unknown column", "other", { sql: "SELECT 1::BIGINT AS id, 'x' AS p, 1 AS other" }],
  ["unknown column of a row", "other", { rows: [{ id: 1, p: "x", other: 1 }] }],
  ["missing column that takes no null", "id", { sql: "SELECT 'x' AS p" }],
  ["null in a column that takes none", "id", { sql: "SELECT NULLIF(i, 2) AS id, 'x' AS p FROM range(5) t(i)" }],
  ["missing value of a row", "id", { rows: [{ id: 1, p: "x" }, { p: "x" }] }],
  ["empty string in a partition that takes no null", "p", { rows: [{ id: 1, p: "" }] }],
  ["null in a list that holds none", "list", { rows: [{ id: 1, p: "x", list: [1, null] }] }],
  ["wrong type", "text", { sql: "SELECT 1 AS id, 'x' AS p, 5 AS text" }],
  ["wrong type of a row", "text", { rows: [{ id: 1, p: "x", text: 5 }] }],
  ["narrower type", "small", { sql: "SELECT 1 AS id, 'x' AS p, 5 AS small" }],
  ["HUGEINT of a sum", "id", { sql: "SELECT sum(i) AS id, 'x' AS p FROM range(3) t(i)" }],
  ["TIMESTAMP without zone", "at", { sql: "SELECT 1 AS id, 'x' AS p, TIMESTAMP '2020-01-01' AS at" }],
  ["decimal that does not fit", "money", { sql: "SELECT 1 AS id, 'x' AS p, 1.234 AS money" }],
  ["decimal for a double", "real", { sql: "SELECT 1 AS id, 'x' AS p, 1.5 AS real" }],
  ["list of another type", "list", { sql: "SELECT 1 AS id, 'x' AS p, [1.5::DOUBLE] AS list" }],
  ["column twice", "id", { sql: "SELECT * FROM (SELECT 1 AS id, 'x' AS p) a, (SELECT 2 AS id) b" }],
])("schema_is_enforced: %s names the column and leaves nothing", async (_name, column, source) => {
  await using lake = await openLake();
  const table = await createTable(lake.context, { schema, partitionColumns: ["p"] });
  const error = findError(await table.append(source).catch((thrown: unknown) => thrown));
  expect(error?.code).toBe("delta_schema_mismatch");
  expect(error?.details.column ?? error?.message).toContain(column);
  expect(await keysBelow(lake.store, "lake/t")).toEqual(["lake/t/_delta_log/00000000000000000000.json"]);
  expect(await lake.engine.rows("SELECT * FROM duckdb_tables()")).toEqual([]);
});

test.each<[string, Record<string, unknown>]>([
  ["a field of a struct", { s: { a: null, b: [] } }],
  [
    "a field of a struct in a list",
    {
      l: [
        { a: 1, b: [] },
        { a: null, b: [] },
      ],
    },
  ],
  ["an element of a list in a struct in a list", { l: [{ a: 1, b: [1, null] }] }],
  ["a value of a map", { m: new Map([["k", null]]) }],
  ["a field of a map's key", { k: new Map([[{ a: null, b: [] }, 1]]) }],
  ["a key of a map", { m: new Map([[null, 1]]) }],
])("nulls_within_are_refused: %s", async (_name, row) => {
  const inner = {
    type: "struct",
    fields: [
      { name: "a", type: "long", nullable: false, metadata: {} },
      { name: "b", type: { type: "array", elementType: "long", containsNull: false }, nullable: true, metadata: {} },
    ],
  } as const;
  const list = { type: "array", elementType: inner, containsNull: true } as const;
  const map = { type: "map", keyType: "string", valueType: "long", valueContainsNull: false } as const;
  await using lake = await openLake();
  const table = await createTable(lake.context, {
    schema: struct({ s: inner, l: list, m: map, k: { ...map, keyType: inner } }),
  });
  const good = [
    { s: null, l: null, m: null, k: null },
    { s: { a: 1, b: null }, l: [null, { a: 1, b: [] }], m: new Map([["k", 1]]), k: new Map([[{ a: 1, b: [] }, 1]]) },
  ];
  await table.append({ rows: good });
  const error = findError(await table.append({ rows: [...good, row] }).catch((thrown: unknown) => thrown));
  expect([error?.code, error?.details.column]).toEqual(["delta_schema_mismatch", Object.keys(row)[0]]);
  expect((await table.snapshot()).rowCount).toBe(2);
});

test("what_loses_nothing_fits: narrower numbers, columns in any order, missing ones as null", async () => {
  await using lake = await openLake();
  const table = await createTable(lake.context, { schema, partitionColumns: ["p"] });
  await table.append({
    sql: "SELECT 'x' AS p, 7::TINYINT AS small, 1.5::FLOAT AS real, 12.5 AS money, 3 AS id, [1.5::FLOAT, 2] AS list, now() AS at -- end\n;",
  });
  expect(await rowsOf(table)).toEqual([
    { id: 3, small: 7, real: 1.5, text: null, at: expect.stringMatching(/Z$/), money: "12.50", list: [1.5, 2], p: "x" },
  ]);
});

test("the_source_sees_its_engine: temporary tables of a session", async () => {
  await using lake = await openLake();
  await using session = await lake.engine.session();
  await session.run("CREATE TEMP TABLE mine AS SELECT 5 AS id, 'x' AS p");
  const table = await createTable({ ...lake.context, engine: session }, { schema, partitionColumns: ["p"] });
  await table.append({ sql: "FROM mine" });
  expect((await rowsOf(table)).length).toBe(1);
});

test("all_types_round_trip: as rows, through Parquet and the log", async () => {
  const types = struct({
    byte: "byte",
    short: "short",
    integer: "integer",
    long: "long",
    float: "float",
    double: "double",
    decimal: "decimal(38,18)",
    boolean: "boolean",
    binary: "binary",
    string: "string",
    date: "date",
    timestamp: "timestamp",
    timestamp_ntz: "timestamp_ntz",
    array: { type: "array", elementType: struct({ x: "long" }), containsNull: true },
    map: { type: "map", keyType: "string", valueType: "double", valueContainsNull: true },
    struct: struct({ a: "string", b: struct({ c: "timestamp" }) }),
  });
  const row = {
    byte: 127,
    short: -32768,
    integer: 2147483647,
    long: -9223372036854775808n,
    float: Number.NaN,
    double: -Infinity,
    decimal: "-12345678901234567890.123456789012345678",
    boolean: false,
    binary: new Uint8Array([0, 1, 255]),
    string: "é😀\n'\"",
    date: "0001-01-01",
    timestamp: "1969-12-31T23:59:59.999999Z",
    timestamp_ntz: "9999-12-31T23:59:59.999999",
    array: [{ x: 1 }, null, { x: null }],
    map: new Map([
      ["a", 0.1],
      ["b", null],
    ]),
    struct: { a: "x", b: { c: "2020-02-29T00:00:00.000000Z" } },
  };
  const empty = Object.fromEntries(Object.keys(row).map((name) => [name, null]));
  await using lake = await openLake();
  const table = await createTable(lake.context, { schema: types });
  await table.append({ rows: [row, {}] });
  const found = await rowsOf(table);
  expect(found).toHaveLength(2);
  expect(found).toEqual(expect.arrayContaining([row, empty]));
  const stats = JSON.parse((await commitOf(lake, 1))[1]!.add!.stats as string) as Record<
    string,
    Record<string, unknown>
  >;
  expect(stats.numRecords).toBe(2);
  expect(stats.nullCount).toMatchObject({ byte: 1, struct: { a: 1, b: { c: 1 } } });
  expect(stats.maxValues).not.toHaveProperty("float");
  expect(stats.minValues).not.toHaveProperty("double");
  expect(stats.maxValues).toMatchObject({
    timestamp: "1969-12-31T23:59:59.999Z",
    struct: { b: { c: "2020-02-29T00:00:00.000Z" } },
  });
});

test("big_writes_are_cut_into_files: also within a partition", async () => {
  await using lake = await openLake();
  const small = {
    schema: struct({ a: "long", b: "string", p: "integer" }),
    configuration: { "delta.targetFileSize": "1mb" },
  };
  const sql = "SELECT i AS a, hash(i)::VARCHAR AS b, (i % 2)::INTEGER AS p FROM range(600000) t(i)";
  for (const [path, partitionColumns] of [
    ["plain", []],
    ["parts", ["p"]],
  ] as const) {
    const table = await createTable({ ...lake.context, path }, { ...small, partitionColumns });
    const { addedFiles, addedRows } = await table.append({ sql });
    expect(addedRows).toBe(600000);
    expect(addedFiles).toBeGreaterThan(3);
    await using scan = await (await table.snapshot()).scan();
    expect(
      await lake.engine.rows(`SELECT count(*) AS n, count(DISTINCT a) AS d, sum(p) AS p FROM ${scan.sql}`),
    ).toEqual([{ n: 600000, d: 600000, p: 300000 }]);
  }
});

test("columns_may_be_called_like_members_of_every_object", async () => {
  await using lake = await openLake();
  const inner = struct({ a: "long", valueOf: "string" });
  const table = await createTable(lake.context, { schema: struct({ id: "long", constructor: "string", s: inner }) });
  await table.append({ rows: [{ id: 1, s: { a: 1 } }] });
  await table.update({ set: { id: { value: 2 } } });
  expect(await rowsOf(table)).toEqual([{ id: 2, constructor: null, s: { a: 1, valueOf: null } }]);
});

test("a_map_holds_a_key_once: also where JavaScript tells two forms of it apart", async () => {
  const map = { type: "map", keyType: "decimal(4,2)", valueType: "long", valueContainsNull: true } as const;
  await using lake = await openLake();
  const table = await createTable(lake.context, { schema: struct({ m: map }) });
  const twice = new Map([
    ["1.0", 1],
    ["1.00", 2],
  ]);
  await expect(table.append({ rows: [{ m: twice }] })).rejects.toMatchObject({ code: "delta_schema_mismatch" });
});
