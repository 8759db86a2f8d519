import { expect, test } from "vitest";
import { readTables } from "../scripts/generate/read_tables.ts";

const layer = (tables: string) => `
layer: silver
partition_by: event_date
column_groups:
  first: [{ name: event_id, type: string, nullable: false, description: d }, { name: event_date, type: date, nullable: false, description: d }]
  last: [{ name: log_offset, type: long, nullable: false, description: d }]
tables:
${tables}`;
const own = "columns: [{ name: rating, type: float, nullable: true, description: d }]";
const names = (text: string) => readTables([layer(text)])[0]?.columns.map(({ name }) => name);

test("groups are merged in their order, own columns where `own` stands, the partition column last", () => {
  const table = (include: string) =>
    `  silver_x: { description: d, primary_key: [event_id], include: ${include}, ${own} }`;
  expect(names(table("[first, own, last]"))).toEqual(["event_id", "rating", "log_offset", "event_date"]);
  expect(names(table("[first, last]"))).toEqual(["rating", "event_id", "log_offset", "event_date"]);
});

test("a table without the layer's partition column is not partitioned, one with it has a granularity", () => {
  const [flat, daily, monthly] = readTables([
    layer(`  silver_a: { description: d, primary_key: [rating], ${own} }
  silver_b: { description: d, primary_key: [rating], include: [first], ${own} }
  silver_c: { description: d, primary_key: [rating], granularity: month, include: [first], ${own} }`),
  ]);
  expect(flat).toMatchObject({ partition_columns: [] });
  expect(flat?.granularity).toBeUndefined();
  expect(daily).toMatchObject({ partition_columns: ["event_date"], granularity: "day" });
  expect(monthly).toMatchObject({ partition_columns: ["event_date"], granularity: "month" });
});

test.each([
  [
    "an unknown table key",
    `  silver_x: { description: d, primary_key: [rating], colums: [], ${own} }`,
    /unknown key colums/,
  ],
  [
    "an unknown group",
    `  silver_x: { description: d, primary_key: [rating], include: [other], ${own} }`,
    /no column group other/,
  ],
  ["a name of another layer", `  gold_x: { description: d, primary_key: [rating], ${own} }`, /with its layer/],
  ["a key that is no column", `  silver_x: { description: d, primary_key: [nope], ${own} }`, /has no column nope/],
  ["no key", `  silver_x: { description: d, ${own} }`, /no primary key/],
  [
    "a column twice, of unknown type, not in snake_case, without nullable or with an unknown key",
    "  silver_x: { description: d, primary_key: [A], columns: [{ name: A, type: text, description: d, minimum: 1 }, { name: A, type: long, nullable: true, description: d }] }",
    /A twice.*unknown key minimum.*snake_case.*unknown type text.*nullable/s,
  ],
  [
    "a reference to no table",
    "  silver_x: { description: d, primary_key: [a], source: { table: bronze_y }, columns: [{ name: a, type: long, nullable: true, references: silver_y, description: d }] }",
    /reads bronze_y.*references silver_y/,
  ],
])("%s is refused by name", (_what, text, message) => {
  expect(() => readTables([layer(text)])).toThrow(message);
});
