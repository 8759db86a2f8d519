import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createTable, openSqlEngine, type DataType } from "@cinelake/delta";
import { commitOf, openLake, rowsOf, sorted, struct } from "../support/tables.ts";

test("any_text_can_be_a_partition: it comes back from the log, and is found by its value", async () => {
  const texts = [
    "a b",
    "a%20b",
    "a/b",
    "..",
    ".",
    "k=v",
    "é😀",
    "null",
    "__HIVE_DEFAULT_PARTITION__",
    "%",
    "'\"",
    "a\nb\u0001",
    "a\0b",
    " ",
    "C:\\x",
    "x".repeat(60),
    "#?&+:",
  ];
  await using lake = await openLake();
  const table = await createTable(lake.context, {
    schema: struct({ v: "integer", p: "string" }),
    partitionColumns: ["p"],
  });
  const rows = [...texts, null].map((p, v) => ({ v, p }));
  await table.append({ rows });
  await table.append({ rows: [{ v: 99, p: "" }] });
  expect(await rowsOf(table)).toEqual(sorted([...rows, { v: 99, p: null }]));
  const snapshot = await table.snapshot();
  for (const [v, p] of texts.entries()) {
    const where = [{ column: "p", op: "=", value: p }] as const;
    await using scan = await snapshot.scan({ where });
    expect(scan.files).toBe(1);
    expect(await lake.engine.rows(`SELECT v, p FROM ${scan.sql}`)).toEqual([{ v, p }]);
  }
});

test("paths_are_encoded_once_more: the log's URI of a directory that holds percent signs", async () => {
  await using lake = await openLake();
  const table = await createTable(lake.context, {
    schema: struct({ v: "integer", p: "string" }),
    partitionColumns: ["p"],
  });
  await table.append({ rows: [{ v: 1, p: "a b" }] });
  const { path, partitionValues } = (await commitOf(lake, 1))[1]!.add!;
  expect(path).toMatch(/^p=a%2520b\/part-[0-9a-f-]{36}\.parquet$/);
  expect(partitionValues).toEqual({ p: "a b" });
});

test.each<[DataType, unknown, string]>([
  ["byte", -1, "-1"],
  ["long", 9223372036854775807n, "9223372036854775807"],
  ["boolean", true, "true"],
  ["double", 0.1, "0.1"],
  ["double", Number.NaN, "NaN"],
  ["float", -Infinity, "-Infinity"],
  ["decimal(10,2)", "-1.50", "-1.50"],
  ["decimal(38,2)", "123456789012345678901234567890123456.78", "123456789012345678901234567890123456.78"],
  ["date", "2020-02-29", "2020-02-29"],
  ["timestamp", "2020-01-01T01:02:03.000004Z", "2020-01-01T01:02:03.000004Z"],
  ["timestamp_ntz", "2020-01-01T01:02:03.500000", "2020-01-01 01:02:03.500000"],
])("partition_values_have_the_protocol's_form: %s", async (type, value, text) => {
  await using lake = await openLake();
  const table = await createTable(lake.context, { schema: struct({ v: "integer", p: type }), partitionColumns: ["p"] });
  await table.append({
    rows: [
      { v: 1, p: value },
      { v: 2, p: null },
    ],
  });
  const values = (await commitOf(lake, 1)).flatMap(({ add }) =>
    add ? [(add.partitionValues as { p: string | null }).p] : [],
  );
  expect(new Set(values)).toEqual(new Set([text, null]));
  expect(await rowsOf(table)).toEqual([
    { v: 1, p: value },
    { v: 2, p: null },
  ]);
  await using scan = await (await table.snapshot()).scan({ where: [{ column: "p", op: "=", value }] });
  expect([scan.files, await lake.engine.rows(`FROM ${scan.sql}`)]).toEqual([1, [{ v: 1, p: value }]]);
});

test("any_name_can_partition", async () => {
  await using lake = await openLake();
  for (const [index, name] of ["a/b", "é", 'q"x', "k'v", "_hidden", "a.b", "%20", "..", "file_index"].entries()) {
    const context = { ...lake.context, path: `named${index}` };
    const table = await createTable(context, {
      schema: struct({ v: "integer", [name]: "string" }),
      partitionColumns: [name],
    });
    const rows = [
      { v: 1, [name]: "x y" },
      { v: 2, [name]: null },
    ];
    await table.append({ rows });
    await table.merge({ rows: [{ v: 2, [name]: "z" }] }, { key: ["v"] });
    expect(await rowsOf(table)).toEqual([rows[0], { v: 2, [name]: "z" }]);
  }
});

test("an_overwrite_finds_any_partition_value", async () => {
  await using lake = await openLake();
  const p = "123456789012345678901234567890123456.78";
  const table = await createTable(lake.context, {
    schema: struct({ v: "integer", p: "decimal(38,2)" }),
    partitionColumns: ["p"],
  });
  await table.append({
    rows: [
      { v: 1, p },
      { v: 2, p: "1" },
    ],
  });
  await table.overwrite({ rows: [{ v: 3, p }] }, { where: [{ column: "p", op: "=", value: p }] });
  expect((await rowsOf(table)).map(({ v }) => v)).toEqual([2, 3]);
});

test("columns_come_in_schema_order_and_typed: with files, with none, by projection", async () => {
  await using lake = await openLake();
  const schema = struct({ p: "date", a: "string", q: "long", filename: "string", file_index: "integer" });
  const table = await createTable(lake.context, { schema, partitionColumns: ["q", "p"] });
  const types = async (columns?: string[]): Promise<unknown> => {
    await using scan = await (await table.snapshot()).scan(columns ? { columns } : {});
    const found = await lake.engine.rows<{ column_name: string; column_type: string }>(
      `DESCRIBE SELECT * FROM ${scan.sql}`,
    );
    return found.map((row) => `${row.column_name} ${row.column_type}`);
  };
  const all = ["p DATE", "a VARCHAR", "q BIGINT", "filename VARCHAR", "file_index INTEGER"];
  expect(await types()).toEqual(all);
  await table.append({ rows: [{ p: "2020-01-01", a: "x", q: 1, filename: "mine", file_index: 9 }] });
  expect(await types()).toEqual(all);
  await table.append({ rows: [{ p: "2020-01-02", a: "y", q: null, filename: "other", file_index: 8 }] });
  expect(await types()).toEqual(all);
  expect(await types(["q", "a"])).toEqual(["q BIGINT", "a VARCHAR"]);
  expect(await types(["p"])).toEqual(["p DATE"]);
  expect(await rowsOf(table)).toEqual([
    { p: "2020-01-01", a: "x", q: 1, filename: "mine", file_index: 9 },
    { p: "2020-01-02", a: "y", q: null, filename: "other", file_index: 8 },
  ]);
});

test("random_texts_round_trip_as_partitions", async () => {
  await using lake = await openLake();
  let tables = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.string({ unit: "binary", maxLength: 12 }), { minLength: 1, maxLength: 12 }),
      async (texts) => {
        const storable = texts.map((text) => text.replaceAll("\u0000", "0").toWellFormed());
        const context = { ...lake.context, path: `r${tables++}` };
        const table = await createTable(context, {
          schema: struct({ v: "integer", p: "string" }),
          partitionColumns: ["p"],
        });
        await table.append({ rows: storable.map((p, v) => ({ v, p })) });
        expect(await rowsOf(table)).toEqual(sorted(storable.map((p, v) => ({ v, p: p === "" ? null : p }))));
      },
    ),
    { numRuns: 15 },
  );
});

test("thousands_of_partitions_in_one_write take no more memory than a thousand, and are one commit", async () => {
  await using lake = await openLake();
  await using engine = await openSqlEngine({ memoryLimit: "200MB", threads: 2 });
  const context = { ...lake.context, engine };
  const schema = struct({ id: "integer", day: "date", p: "string" });
  const table = await createTable(context, { schema, partitionColumns: ["day", "p"] });
  const day = (at: number): string => new Date(Date.UTC(2000, 0, 1 + at)).toISOString().slice(0, 10);
  const rows = Array.from({ length: 2400 }, (_, id) => ({
    id,
    day: id < 2399 ? day(Math.floor(id / 2)) : null,
    p: id % 2 ? "odd" : null,
  }));
  expect((await table.append({ rows })).version).toBe(1);
  expect(await rowsOf(table)).toEqual(sorted(rows));
}, 60_000);
