import { expect, expectTypeOf, test } from "vitest";
import {
  deltaSchema,
  duckdbColumns,
  duckdbType,
  findError,
  partitionDate,
  TABLE_NAMES,
  tableSpec,
  TABLES,
  tablesOfTopic,
  EVENT_TOPICS,
  type SilverMoviesRow,
  type TableRows,
} from "@cinelake/contracts";

test("each type has its DuckDB type", () => {
  const types = [
    "long",
    "integer",
    "float",
    "double",
    "string",
    "boolean",
    "date",
    "timestamp",
    "array<float>",
  ] as const;
  expect(types.map((type) => duckdbType({ type }))).toEqual([
    "BIGINT",
    "INTEGER",
    "FLOAT",
    "DOUBLE",
    "VARCHAR",
    "BOOLEAN",
    "DATE",
    "TIMESTAMPTZ",
    "FLOAT[]",
  ]);
});

test("columns for DuckDB are quoted, as names may be words of SQL", () => {
  expect(duckdbColumns({ columns: tableSpec("gold_trending_now").columns.slice(0, 2) })).toBe(
    '"window" VARCHAR NOT NULL, "genre" VARCHAR NOT NULL',
  );
  expect(duckdbColumns({ columns: tableSpec("silver_movies").columns.slice(2, 4) })).toBe(
    '"year" INTEGER, "genres" VARCHAR[] NOT NULL',
  );
});

test("Delta's schema has every column with its type, whether it may be null, and its meaning", () => {
  const { fields } = deltaSchema(tableSpec("silver_movies"));
  expect(fields.map(({ name }) => name)).toEqual(TABLES.silver_movies.columns.map(({ name }) => name));
  expect(fields[2]).toEqual({
    name: "year",
    type: "integer",
    nullable: true,
    metadata: { comment: expect.stringContaining("Year") },
  });
  expect(fields[3]?.type).toEqual({ type: "array", elementType: "string", containsNull: false });
});

test("an instant belongs to its UTC day, or the first of its month", () => {
  const ms = Date.parse("2026-03-01T00:30:00+01:00");
  expect(partitionDate(tableSpec("silver_events_views"), ms)).toBe("2026-02-28");
  expect(partitionDate(tableSpec("silver_ratings"), ms)).toBe("2026-02-01");
});

test("every topic has its two tables, and they say so", () => {
  for (const topic of EVENT_TOPICS) {
    const { bronze, silver } = tablesOfTopic(topic);
    expect([tableSpec(bronze).source?.topic, tableSpec(silver).source?.topic]).toEqual([topic, topic]);
  }
});

test("partition columns are dates at the end of their table", () => {
  for (const { columns, partition_columns: partition } of TABLE_NAMES.map(tableSpec)) {
    expect(columns.slice(columns.length - partition.length).map(({ name }) => name)).toEqual(partition);
    for (const name of partition)
      expect(columns.find((column) => column.name === name)).toMatchObject({ type: "date", nullable: false });
  }
});

test("an unknown table is an error with a code, not a property of Object", () => {
  for (const name of ["silver_nothing", "constructor", "__proto__"]) {
    let thrown: unknown;
    try {
      tableSpec(name);
    } catch (error) {
      thrown = error;
    }
    expect(findError(thrown, "delta_table_not_found")?.message).toContain(name);
  }
});

test("row types say what a table holds", () => {
  expectTypeOf<SilverMoviesRow["year"]>().toEqualTypeOf<number | null>();
  expectTypeOf<SilverMoviesRow["genres"]>().toEqualTypeOf<readonly string[]>();
  expectTypeOf<TableRows["silver_events_views"]["event_ts"]>().toEqualTypeOf<string | Date>();
  expectTypeOf<SilverMoviesRow>().toExtend<Readonly<Record<string, unknown>>>();
});
