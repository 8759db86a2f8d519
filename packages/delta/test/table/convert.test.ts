import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { temporaryDirectory, type TemporaryDirectory } from "@cinelake/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { convertToDelta, createTable, openTable, type DataType, type Row } from "@cinelake/delta";
import type { AddFile } from "../../src/log/actions.ts";
import { copyGoldenTable, withGoldenTables } from "../support/golden.ts";
import {
  beforeCommit,
  codeOf,
  commitOf,
  keysBelow,
  openLake,
  rowsOf,
  sorted,
  struct,
  type Lake,
} from "../support/tables.ts";

let directory: TemporaryDirectory;
let lake: Lake;
beforeEach(async () => {
  directory = await temporaryDirectory();
  lake = await openLake(directory.path);
});
afterEach(async () => {
  await lake[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

/** Writes a query's rows as a Parquet file of the folder to be converted. */
async function parquet(path: string, query: string, options = ""): Promise<void> {
  const file = join(directory.path, "lake/t", path);
  await mkdir(dirname(file), { recursive: true });
  await lake.engine.run(`COPY (${query}) TO '${file}' (FORMAT parquet${options})`);
}

async function addsOf(version: number): Promise<AddFile[]> {
  return (await commitOf(lake, version)).flatMap(({ add }) => (add ? [add as unknown as AddFile] : []));
}

const field = (name: string, type: DataType) => ({ name, type, nullable: true, metadata: {} });

test("a_table_without_its_log_is_converted_to_itself: paths, partition values, sizes and statistics", async () => {
  const schema = struct({
    byte: "byte",
    long: "long",
    real: "double",
    single: "float",
    decimal: "decimal(38,2)",
    text: "string",
    bytes: "binary",
    flag: "boolean",
    day: "date",
    at: "timestamp",
    local: "timestamp_ntz",
    nested: struct({ a: "long", deep: struct({ b: "string" }) }),
    list: { type: "array", elementType: "long", containsNull: true },
    map: { type: "map", keyType: "string", valueType: "double", valueContainsNull: true },
    p: "date",
    q: "string",
  });
  const original = await createTable(lake.context, { schema, partitionColumns: ["p", "q"] });
  const row = (byte: number): Row => ({
    byte,
    long: 9007199254740993n + BigInt(byte),
    real: byte === 3 ? Number.NaN : byte / 3,
    single: byte / 7,
    decimal: `-${byte}123456789012345678901234567890.25`,
    text: "é😀".repeat(2 * byte),
    bytes: Uint8Array.of(byte),
    flag: byte % 2 === 0,
    day: "2026-02-28",
    at: `2026-02-28T01:02:03.00000${byte}Z`,
    local: null,
    nested: byte === 1 ? null : { a: byte, deep: { b: "x".repeat(byte) } },
    list: [byte, null],
    map: new Map([["k", byte]]),
    p: byte === 2 ? null : "2026-01-31",
    q: byte === 1 ? "a b/%20=é" : "__x",
  });
  await original.append({ rows: [1, 2, 3].map(row) });
  await original.append({ rows: [row(4)] });
  const before = [...(await addsOf(1)), ...(await addsOf(2))];
  const rows = await rowsOf(original);
  for (const key of await keysBelow(lake.store, "lake/t/_delta_log/")) await lake.store.delete(key);

  const partitionColumns = [field("p", "date"), field("q", "string")];
  const table = await convertToDelta(lake.context, { partitionColumns, name: "again", description: "from files" });
  expect(await rowsOf(table)).toEqual(rows);
  expect(await table.describe()).toMatchObject({
    version: 0,
    name: "again",
    description: "from files",
    schema,
    partitionColumns: ["p", "q"],
    rows: 4,
  });
  const known = (adds: readonly AddFile[]): unknown[] =>
    adds
      .map(({ path, partitionValues, size, stats }) => ({
        path,
        partitionValues,
        size,
        stats: JSON.parse(stats!) as unknown,
      }))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  expect(known(await addsOf(0))).toEqual(known(before));
  const [first] = await commitOf(lake, 0);
  expect(first!.commitInfo).toMatchObject({
    operation: "CONVERT",
    operationParameters: { numFiles: "4", partitionBy: '["p","q"]' },
    operationMetrics: { numConvertedFiles: "4" },
  });
});

test("a_converted_table_is_a_table_like_any_other", async () => {
  await parquet("a.parquet", "SELECT 1::BIGINT AS id, 'x' AS v");
  await parquet("sub/b.parquet", "SELECT 2::BIGINT AS id, 'y' AS v");
  const table = await convertToDelta(lake.context);
  await table.append({ rows: [{ id: 3, v: "z" }] });
  await table.update({ where: [{ column: "id", op: "=", value: 2 }], set: { v: { value: "new" } } });
  await table.optimize();
  expect(await rowsOf(await openTable(lake.context))).toEqual([
    { id: 1, v: "x" },
    { id: 2, v: "new" },
    { id: 3, v: "z" },
  ]);
  expect((await rowsOf(table, 0)).length).toBe(2);
});

describe("partitions", () => {
  test("folders_give_the_values: null, escapes, numbers in their own form, over a column of the file", async () => {
    await parquet("n=007/s=a%20b%2Fc/x.parquet", "SELECT 1 AS v, 'other' AS s");
    await parquet("n=__HIVE_DEFAULT_PARTITION__/s=50%/x.parquet", "SELECT 2 AS v");
    await parquet("n=-1/s=/[x]*.parquet", "SELECT 3 AS v");
    const table = await convertToDelta(lake.context, {
      partitionColumns: [field("n", "integer"), field("s", "string")],
    });
    expect(await rowsOf(table)).toEqual([
      { v: 1, n: 7, s: "a b/c" },
      { v: 2, n: null, s: "50%" },
      { v: 3, n: -1, s: null },
    ]);
    expect((await addsOf(0)).map(({ partitionValues }) => partitionValues.n).sort()).toEqual(["-1", "7", null]);
  });

  test("without_types_they_are_text", async () => {
    await parquet("year=2026/x.parquet", "SELECT 1 AS v");
    expect(await rowsOf(await convertToDelta(lake.context))).toEqual([{ v: 1, year: "2026" }]);
  });

  test.each<[string, string[], { name: string; type: string }[] | undefined, string, RegExp]>([
    [
      "different folders",
      ["a=1/x", "b=1/x"],
      undefined,
      "delta_schema_mismatch",
      /b=1\/x.parquet lies in partitions of b/,
    ],
    ["a file outside", ["a=1/x", "x"], undefined, "delta_schema_mismatch", /x.parquet lies in partitions of no column/],
    [
      "a value that is no number",
      ["a=1/x", "a=one/x"],
      [{ name: "a", type: "long" }],
      "delta_schema_mismatch",
      /a=one\/x.parquet has the partition value a=one/,
    ],
    [
      "a column that no folder has",
      ["x"],
      [{ name: "a", type: "long" }],
      "invalid_argument",
      /given as a, while the folders stand for no column/,
    ],
    [
      "another order",
      ["a=1/b=1/x"],
      [
        { name: "b", type: "long" },
        { name: "a", type: "long" },
      ],
      "invalid_argument",
      /given as b, a/,
    ],
  ])("folders_that_do_not_fit_are_refused: %s", async (_name, paths, given, code, message) => {
    for (const path of paths) await parquet(`${path}.parquet`, "SELECT 1 AS v");
    const partitionColumns = given?.map(({ name, type }) => field(name, type));
    const work = convertToDelta(lake.context, partitionColumns ? { partitionColumns } : {});
    await expect(work).rejects.toMatchObject({ code, message: expect.stringMatching(message) as unknown });
    expect(await keysBelow(lake.store, "lake/t/_delta_log/")).toEqual([]);
  });
});

describe("schemas", () => {
  test("columns_and_fields_of_all_files_come_together, small integers as the widest", async () => {
    await parquet("1.parquet", "SELECT 1::TINYINT AS n, {a: 1} AS s");
    await parquet("2.parquet", "SELECT 70000::INTEGER AS n, {a: 2, b: 'x'} AS s, [1.5::DOUBLE] AS l");
    await parquet("3.parquet", "SELECT 300::SMALLINT AS n");
    const table = await convertToDelta(lake.context);
    expect((await table.snapshot()).schema).toEqual(
      struct({
        n: "integer",
        s: struct({ a: "integer", b: "string" }),
        l: { type: "array", elementType: "double", containsNull: true },
      }),
    );
    expect(await rowsOf(table)).toEqual([
      { n: 1, s: { a: 1, b: null }, l: null },
      { n: 300, s: null, l: null },
      { n: 70000, s: { a: 2, b: "x" }, l: [1.5] },
    ]);
  });

  test("unsigned_integers_become_the_next_wider_signed_ones", async () => {
    await parquet("1.parquet", "SELECT 255::UTINYINT AS a, 65535::USMALLINT AS b, 4294967295::UINTEGER AS c");
    const table = await convertToDelta(lake.context);
    expect((await table.snapshot()).schema).toEqual(struct({ a: "short", b: "integer", c: "long" }));
    expect(await rowsOf(table)).toEqual([{ a: 255, b: 65535, c: 4294967295 }]);
  });

  test.each([
    ["int and long", "1::INTEGER AS v", "1::BIGINT AS v", "Column v"],
    ["text and number", "'1' AS v", "1::BIGINT AS v", "Column v"],
    ["a nested field", "{a: [{b: 1}]} AS v", "{a: [{b: 'x'}]} AS v", "Column v.a.element.b"],
    ["a column and a struct", "1 AS v", "{a: 1} AS v", "Column v"],
    ["names but for case", "1 AS v", "2 AS V", "Column V"],
    ["decimals of different scale", "1::DECIMAL(10,2) AS v", "1::DECIMAL(10,3) AS v", "Column v"],
  ])("differences_that_lose_something_are_refused, naming file and column: %s", async (_name, one, other, column) => {
    await parquet("1.parquet", `SELECT ${one}`);
    await parquet("2.parquet", `SELECT ${other}`);
    const work = convertToDelta(lake.context);
    await expect(work).rejects.toMatchObject({ code: "delta_schema_mismatch", details: { file: "2.parquet" } });
    await expect(work).rejects.toThrow(`${column} is `);
  });

  test.each(["1::UBIGINT", "TIME '01:00'", "uuid()", "[{t: 1::UBIGINT}]", "INTERVAL 1 DAY"])(
    "a_type_that_delta_lacks_is_refused_with_its_column: %s",
    async (sql) => {
      await parquet("a.parquet", `SELECT ${sql} AS odd`);
      const work = convertToDelta(lake.context);
      await expect(work).rejects.toMatchObject({ code: "delta_schema_mismatch", details: { file: "a.parquet" } });
      await expect(work).rejects.toThrow(/In a.parquet: Column odd/);
    },
  );

  test("a_name_that_readers_cannot_take_is_refused", async () => {
    await parquet("a.parquet", 'SELECT 1 AS "a b"');
    expect(await codeOf(convertToDelta(lake.context))).toBe("invalid_argument");
  });
});

test("hidden_and_other_files_are_left_out, and tables inside", async () => {
  await parquet("a.parquet", "SELECT 1 AS v");
  for (const path of ["_x/b.parquet", ".c.parquet", "_d.parquet", "t/e.parquet"])
    await parquet(path, "SELECT 'other' AS v");
  for (const path of ["_SUCCESS", "notes.txt"]) await lake.store.put(`lake/t/${path}`, Buffer.from("x"));
  await createTable({ ...lake.context, path: "lake/t/t" }, { schema: struct({ id: "long" }) });
  expect(await rowsOf(await convertToDelta(lake.context))).toEqual([{ v: 1 }]);
});

test("what_is_no_folder_of_parquet_files_is_refused: nothing there, a table, a broken file", async () => {
  expect(await codeOf(convertToDelta(lake.context))).toBe("object_not_found");
  await parquet("a.parquet", "SELECT 1 AS v");
  await lake.store.put("lake/t/b.parquet", Buffer.from("PAR1 no, it is not"));
  await expect(convertToDelta(lake.context)).rejects.toThrow(/b.parquet cannot be read as Parquet/);
  await lake.store.delete("lake/t/b.parquet");
  await convertToDelta(lake.context);
  expect(await codeOf(convertToDelta(lake.context))).toBe("delta_table_exists");
});

test("of_two_at_once_one_wins", async () => {
  await parquet("a.parquet", "SELECT 1 AS v");
  const store = beforeCommit(lake.store, () => convertToDelta(lake.context, { name: "first" }));
  expect(await codeOf(convertToDelta({ ...lake.context, store }))).toBe("delta_table_exists");
  expect((await (await openTable(lake.context)).describe()).name).toBe("first");
});

withGoldenTables(() => {
  test.each([
    "parquet-all-types",
    "parquet-all-types-legacy-format",
    "kernel-timestamp-int96",
    "data-skipping-basic-stats-all-types",
  ])("files_of_another_writer_are_typed_and_read_as_its_own_log_says: %s", async (name) => {
    await copyGoldenTable(name, join(directory.path, "original"));
    await copyGoldenTable(name, join(directory.path, "lake/t"), (path) => !path.includes("_delta_log"));
    const original = await openTable({ ...lake.context, path: "original" });
    const { schema, partitionColumns } = await original.snapshot();
    const fields = schema.fields.filter((each) => partitionColumns.includes(each.name));
    const table = await convertToDelta(lake.context, fields.length > 0 ? { partitionColumns: fields } : {});
    const types = ({ schema: given }: { schema: typeof schema }): unknown =>
      Object.fromEntries(
        given.fields.map((each) => [each.name, JSON.stringify(each.type).replaceAll("false", "true")]),
      );
    expect(types(await table.snapshot())).toEqual(types({ schema }));
    const ordered = (rows: readonly Row[]): Row[] =>
      sorted(rows.map((row) => Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))));
    expect(ordered(await rowsOf(table))).toEqual(ordered(await rowsOf(original)));
  });
});
