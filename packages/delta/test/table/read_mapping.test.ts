import { expect, test } from "vitest";
import type { DataType, StructField, StructType } from "@cinelake/delta";
import { commitAll, described, parquetFile } from "../support/hand_made.ts";
import { openLake, rowsOf } from "../support/tables.ts";

function field(name: string, type: DataType, id: number, physical = `col-${id}`): StructField {
  return {
    name,
    type,
    nullable: true,
    metadata: { "delta.columnMapping.id": id, "delta.columnMapping.physicalName": physical },
  };
}
const fields = (...all: StructField[]): StructType => ({ type: "struct", fields: all });
const list = (elementType: DataType): DataType => ({ type: "array", elementType, containsNull: true });
const map = (valueType: DataType): DataType => ({ type: "map", keyType: "string", valueType, valueContainsNull: true });

const inner = fields(field("a", "long", 4), field("b", "string", 5));
const schema = fields(
  field("id", "long", 1),
  field("day", "date", 2),
  field("s", inner, 3),
  field("l", list(fields(field("x", "integer", 7), field("y", "integer", 8))), 6),
  field("m", map(fields(field("z", "double", 10))), 9),
);
const expected = [
  { id: 1, day: "2020-01-01", s: { a: 1, b: "one" }, l: [{ x: 1, y: null }, null], m: new Map([["k", { z: 1 }]]) },
  { id: 2, day: "2020-01-01", s: null, l: null, m: null },
  { id: 3, day: null, s: { a: null, b: "three" }, l: [], m: new Map() },
];

/** What a writer puts into a file: `name` of each id there, and the ids that it keeps. */
function rowsSql(name: (id: number) => string, where: string): string {
  return `SELECT n::BIGINT AS "${name(1)}",
    CASE WHEN n = 2 THEN NULL ELSE {'${name(4)}': CASE WHEN n = 1 THEN 1::BIGINT END, '${name(5)}': ['one', '', 'three'][n]} END AS "${name(3)}",
    CASE n WHEN 1 THEN [{'${name(7)}': 1::INT}, NULL] WHEN 3 THEN [] END AS "${name(6)}",
    CASE n WHEN 1 THEN MAP {'k': {'${name(10)}': 1::DOUBLE}} WHEN 3 THEN MAP {} END AS "${name(9)}"
    FROM (VALUES (1), (2), (3)) t(n) WHERE ${where} ORDER BY n`;
}
function fieldIds(name: (id: number) => string): string {
  return `, FIELD_IDS {'${name(1)}': 1, '${name(3)}': {__duckdb_field_id: 3, '${name(4)}': 4, '${name(5)}': 5},
    '${name(6)}': {__duckdb_field_id: 6, element: {'${name(7)}': 7}}, '${name(9)}': {__duckdb_field_id: 9, value: {'${name(10)}': 10}}}`;
}
const physical = (id: number): string => `col-${id}`;
const partition = (day: string | null): Record<string, string | null> => ({ "col-2": day });

test("name_mode_reads_by_physical_names, nested ones as well", async () => {
  await using lake = await openLake();
  const a = await parquetFile(lake, "a.parquet", rowsSql(physical, "n < 3"));
  const b = await parquetFile(lake, "b.parquet", rowsSql(physical, "n = 3"));
  const table = await commitAll(lake, [
    [
      ...described(schema, { partitionColumns: ["day"], configuration: { "delta.columnMapping.mode": "name" } }),
      { add: { ...a.add, partitionValues: partition("2020-01-01") } },
      { add: { ...b.add, partitionValues: partition(null) } },
    ],
  ]);
  expect(await rowsOf(table)).toEqual(expected);
});

test("id_mode_reads_by_field_ids: files of other names, ids that a file lacks, and a name that means another column", async () => {
  await using lake = await openLake();
  // In the second file the names of two fields are exchanged: only ids tell.
  const exchanged = (id: number): string => ({ 4: "col-5", 5: "col-4", 1: "old name" })[id] ?? `f${id}`;
  const a = await parquetFile(lake, "a.parquet", rowsSql(physical, "n < 3"), fieldIds(physical));
  const b = await parquetFile(lake, "b.parquet", rowsSql(exchanged, "n = 3"), fieldIds(exchanged));
  const table = await commitAll(lake, [
    [
      ...described(schema, { partitionColumns: ["day"], configuration: { "delta.columnMapping.mode": "id" } }),
      { add: { ...a.add, partitionValues: partition("2020-01-01") } },
      { add: { ...b.add, partitionValues: partition(null) } },
    ],
  ]);
  expect(await rowsOf(table)).toEqual(expected);
});

test("id_mode_refuses_a_file_without_ids, as the protocol says", async () => {
  await using lake = await openLake();
  const { add } = await parquetFile(lake, "a.parquet", rowsSql(physical, "true"));
  const table = await commitAll(lake, [
    [...described(schema, { configuration: { "delta.columnMapping.mode": "id" } }), { add }],
  ]);
  await expect(rowsOf(table)).rejects.toMatchObject({ code: "delta_corrupt" });
});

test.each(["name", "id"])("a_struct_of_whose_fields_a_file_has_none_is_read, mode %s", async (mode) => {
  await using lake = await openLake();
  const { add } = await parquetFile(lake, "a.parquet", rowsSql(physical, "true"), fieldIds(physical));
  const other = fields(
    field("s", fields(field("new", "date", 20)), 3),
    field("l", list(fields(field("more", "long", 21))), 6),
    field("gone", "string", 22),
    field("id", "long", 1),
  );
  const table = await commitAll(lake, [
    [...described(other, { configuration: { "delta.columnMapping.mode": mode } }), { add }],
  ]);
  expect((await rowsOf(table)).sort((x, y) => Number(x.id) - Number(y.id))).toEqual([
    { s: { new: null }, l: [{ more: null }, null], gone: null, id: 1 },
    { s: null, l: null, gone: null, id: 2 },
    { s: { new: null }, l: [], gone: null, id: 3 },
  ]);
});

test.each(["name", "id"])("a_file_with_none_of_the_columns_holds_rows_of_nulls, mode %s", async (mode) => {
  await using lake = await openLake();
  const { add } = await parquetFile(lake, "a.parquet", rowsSql(physical, "true"), fieldIds(physical));
  const other = fields(field("new", fields(field("x", "long", 21)), 20), field("p", "string", 22));
  const options = { partitionColumns: ["p"], configuration: { "delta.columnMapping.mode": mode } };
  const table = await commitAll(lake, [
    [...described(other, options), { add: { ...add, partitionValues: { "col-22": "here" } } }],
  ]);
  expect(await rowsOf(table)).toEqual(Array.from({ length: 3 }, () => ({ new: null, p: "here" })));
});

test("pruning_uses_physical_names", async () => {
  await using lake = await openLake();
  const stats = (min: number, max: number): string =>
    JSON.stringify({
      numRecords: 2,
      minValues: { "col-1": min, id: 100 },
      maxValues: { "col-1": max, id: 100 },
      nullCount: {},
    });
  const a = await parquetFile(lake, "a.parquet", rowsSql(physical, "n < 3"));
  const b = await parquetFile(lake, "b.parquet", rowsSql(physical, "n = 3"));
  const table = await commitAll(lake, [
    [
      ...described(schema, { partitionColumns: ["day"], configuration: { "delta.columnMapping.mode": "name" } }),
      { add: { ...a.add, partitionValues: partition("2020-01-01"), stats: stats(1, 2) } },
      { add: { ...b.add, partitionValues: partition("2021-01-01"), stats: stats(3, 3) } },
    ],
  ]);
  const snapshot = await table.snapshot();
  await using byNumber = await snapshot.scan({ where: [{ column: "id", op: ">", value: 2 }] });
  expect([byNumber.files, byNumber.totalFiles]).toEqual([1, 2]);
  await using byDay = await snapshot.scan({ where: [{ column: "day", op: "<", value: "2020-06-01" }] });
  expect([byDay.files, byDay.totalFiles]).toEqual([1, 2]);
  expect(await lake.engine.rows(`SELECT id FROM ${byNumber.sql}`)).toEqual([{ id: 3 }]);
});
