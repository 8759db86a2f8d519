import { describe, expect, test } from "vitest";
import { openTable, type DataType, type DeltaTable, type Predicate } from "@cinelake/delta";
import type { Action } from "../../src/log/actions.ts";
import { commitAll, described, parquetFile } from "../support/hand_made.ts";
import { codeOf, openLake, rowsOf, struct, type Lake } from "../support/tables.ts";

/** A table of one column `v`, with a file of one row that bears these statistics. */
async function oneRow(lake: Lake, type: DataType, sql: string, stats: unknown): Promise<DeltaTable> {
  const { add } = await parquetFile(lake, "f.parquet", `SELECT ${sql} AS v`);
  return commitAll(lake, [[...described(struct({ v: type })), { add: { ...add, stats: JSON.stringify(stats) } }]]);
}

async function found(table: DeltaTable, where: readonly Predicate[]): Promise<unknown[]> {
  return (await Array.fromAsync((await table.snapshot()).read({ where }))).flat();
}

describe("statistics_that_are_none_lose_no_row, and count as absent", () => {
  test.each<[string, unknown]>([
    ["null", { numRecords: null, nullCount: { v: null }, minValues: null, maxValues: null }],
    ["text", { numRecords: "1", nullCount: { v: "1" }, minValues: { v: "9" }, maxValues: "9" }],
    ["too great", { numRecords: 2 ** 60, nullCount: { v: 2 ** 60 } }],
    ["a list", [1]],
    ["nested wrongly", { nullCount: 7, minValues: { v: { v: 9 } }, maxValues: [] }],
  ])("%s", async (_name, stats) => {
    await using lake = await openLake();
    const table = await oneRow(lake, "long", "1::BIGINT", stats);
    expect(await found(table, [{ column: "v", op: "=", value: 1 }])).toEqual([{ v: 1 }]);
    expect((await table.snapshot()).rowCount).toBeUndefined();
  });
});

test("members_that_are_null_count_as_absent", async () => {
  await using lake = await openLake();
  const { add } = await parquetFile(lake, "f.parquet", "SELECT 1 AS v");
  const [protocol, { metaData }] = described(struct({ v: "integer" })) as [Action, Action];
  const bare = { ...metaData, configuration: null, partitionColumns: null, name: null };
  const file = { ...add, partitionValues: null, tags: null, deletionVector: null };
  const commit = [protocol, { metaData: bare }, { add: file, remove: null }] as unknown as Action[];
  const table = await commitAll(lake, [commit]);
  expect(await rowsOf(table)).toEqual([{ v: 1 }]);
  await table.checkpoint();
  expect(await rowsOf(await openTable(lake.context))).toEqual([{ v: 1 }]);
});

test("a_file_action_without_a_path_is_damage", async () => {
  await using lake = await openLake();
  const work = commitAll(lake, [[...described(struct({ v: "integer" })), { add: { size: 1 } } as unknown as Action]]);
  expect(await codeOf(work)).toBe("delta_corrupt");
});

test.each<[string, unknown]>([
  ["a user's type", { type: "udt", class: "VectorUDT", sqlType: struct({ v: "byte" }) }],
  ["an unknown one", "interval year"],
  ["none", undefined],
  ["an unknown one within", { type: "array", elementType: { type: "udt" }, containsNull: true }],
])("a_column_of_no_known_type_is_refused_at_the_snapshot: %s", async (_name, type) => {
  await using lake = await openLake();
  const table = await commitAll(lake, [described(struct({ id: "long", v: type as DataType }))]);
  await expect(table.snapshot()).rejects.toMatchObject({ code: "delta_unsupported", message: /lake\/t.*type/ });
  expect(await table.describe()).toMatchObject({ version: 0, files: 0 });
});

test("a_partition_column_that_the_schema_lacks_is_damage, not a column of nulls", async () => {
  await using lake = await openLake();
  const { add } = await parquetFile(lake, "f.parquet", "SELECT 1 AS v");
  const schema = described(struct({ v: "integer", p: "string" }), { partitionColumns: ["P"] });
  const table = await commitAll(lake, [[...schema, { add: { ...add, partitionValues: { P: "x" } } }]]);
  await expect(table.snapshot()).rejects.toMatchObject({ code: "delta_corrupt", message: /partitioned by P/ });
});

test("texts_with_nul_are_found, as values and as partitions", async () => {
  await using lake = await openLake();
  const query = "SELECT 'a' || chr(0) || '''b' AS v";
  const files = [await parquetFile(lake, "f.parquet", query), await parquetFile(lake, "g.parquet", query)];
  const commit = [
    ...described(struct({ v: "string", p: "string" }), { partitionColumns: ["p"] }),
    ...files.map(({ add }, place) => ({ add: { ...add, partitionValues: { p: ["\0", "q"][place]! } } })),
  ];
  const table = await commitAll(lake, [commit]);
  const value = "a\0'b";
  expect(await found(table, [{ column: "p", op: "=", value: "\0" }])).toEqual([{ v: value, p: "\0" }]);
  expect(await found(table, [{ column: "v", op: "in", value: ["a", value] }])).toHaveLength(2);
});

test.each<[DataType, string, string]>([
  ["date", "+10000-01-01", "10000-01-01"],
  ["timestamp", "+10000-01-01 01:02:03.5", "+010000-01-01T01:02:03.500000Z"],
  ["timestamp_ntz", "+10000-01-01 01:02:03", "+010000-01-01T01:02:03.000000"],
])("partition_values_beyond_the_year_9999_bear_a_sign: %s", async (type, text, value) => {
  await using lake = await openLake();
  const { add } = await parquetFile(lake, "f.parquet", "SELECT 1 AS v");
  const schema = described(struct({ v: "integer", p: type }), { partitionColumns: ["p"] });
  const table = await commitAll(lake, [[...schema, { add: { ...add, partitionValues: { p: text } } }]]);
  expect(await found(table, [{ column: "p", op: "is not null" }])).toEqual([{ v: 1, p: value }]);
});
