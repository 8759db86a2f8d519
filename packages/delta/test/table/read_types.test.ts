import { describe, expect, test } from "vitest";
import type { DataType, Predicate } from "@cinelake/delta";
import { commitAll, described, parquetFile } from "../support/hand_made.ts";
import { openLake, rowsOf, struct } from "../support/tables.ts";

const stats = (min: unknown, max: unknown, rows = 1): string =>
  JSON.stringify({ numRecords: rows, minValues: { v: min }, maxValues: { v: max }, nullCount: { v: 0 } });

interface Widening {
  /** SQL of the old file's value, its statistic as the writer of the time wrote it, and its partition value. */
  readonly sql: string;
  readonly from: string;
  readonly statistic: unknown;
  readonly text: string;
  readonly type: DataType;
  readonly value: unknown;
  /** As a partition value, where that is not the same: the text is read anew. */
  readonly partitionValue?: unknown;
  readonly above: unknown;
}

const WIDENINGS: Readonly<Record<string, Widening>> = {
  "byte to short": { from: "byte", sql: "7::TINYINT", statistic: 7, text: "7", type: "short", value: 7, above: 300 },
  "short to integer": {
    from: "short",
    sql: "7::SMALLINT",
    statistic: 7,
    text: "7",
    type: "integer",
    value: 7,
    above: 70_000,
  },
  "integer to long": {
    from: "integer",
    sql: "7::INTEGER",
    statistic: 7,
    text: "7",
    type: "long",
    value: 7,
    above: 9007199254740993n,
  },
  "integer to double": {
    from: "integer",
    sql: "7::INTEGER",
    statistic: 7,
    text: "7",
    type: "double",
    value: 7,
    above: 7.4,
  },
  "integer to decimal": {
    from: "integer",
    sql: "7::INTEGER",
    statistic: 7,
    text: "7",
    type: "decimal(12,2)",
    value: "7.00",
    above: "7.01",
  },
  "long to decimal": {
    from: "long",
    sql: "7::BIGINT",
    statistic: 7,
    text: "7",
    type: "decimal(24,4)",
    value: "7.0000",
    above: "7.0001",
  },
  "decimal growth": {
    from: "decimal(4,1)",
    sql: "1.5::DECIMAL(4,1)",
    statistic: 1.5,
    text: "1.5",
    type: "decimal(10,3)",
    value: "1.500",
    above: "1.501",
  },
  "float up to double": {
    from: "float",
    sql: "0.1::FLOAT",
    statistic: 0.1,
    text: "0.1",
    type: "double",
    value: Math.fround(0.1),
    partitionValue: 0.1,
    above: 0.2,
  },
  "float down to double": {
    from: "float",
    sql: "0.7::FLOAT",
    statistic: 0.7,
    text: "0.7",
    type: "double",
    value: Math.fround(0.7),
    partitionValue: 0.7,
    above: 0.8,
  },
  "date to timestamp_ntz": {
    from: "date",
    sql: "DATE '2020-01-31'",
    statistic: "2020-01-31",
    text: "2020-01-31",
    type: "timestamp_ntz",
    value: "2020-01-31T00:00:00.000000",
    above: "2020-01-31T00:00:00.001000",
  },
};

describe.each(Object.entries(WIDENINGS))("type widening: %s", (_name, widening) => {
  const { sql, from, statistic, text, type, value, partitionValue = value, above } = widening;
  const matching = (actual: unknown): Predicate[] => [
    { column: "v", op: "=", value: actual },
    { column: "v", op: ">=", value: actual },
    { column: "v", op: "<=", value: actual },
    { column: "v", op: "in", value: [actual] },
    { column: "v", op: "<", value: above },
    { column: "v", op: "!=", value: above },
  ];

  test("values_and_statistics_of_old_files_compare_right", async () => {
    await using lake = await openLake();
    const { add } = await parquetFile(lake, "old.parquet", `SELECT ${sql} AS v, [{'x': ${sql}}] AS nested`);
    const nested = { type: "array", elementType: struct({ x: type }), containsNull: true } as const;
    const { fields } = struct({ v: type, nested });
    const metadata = { "delta.typeChanges": [{ fromType: from, toType: type }] };
    const schema = { type: "struct", fields: fields.map((field) => ({ ...field, metadata })) } as const;
    const table = await commitAll(lake, [
      [...described(schema), { add: { ...add, stats: stats(statistic, statistic) } }],
    ]);
    expect(await rowsOf(table)).toEqual([{ v: value, nested: [{ x: value }] }]);
    const snapshot = await table.snapshot();
    for (const where of matching(value)) {
      expect((await Array.fromAsync(snapshot.read({ where: [where] }))).flat()).toHaveLength(1);
    }
    await using scan = await snapshot.scan({ where: [{ column: "v", op: "=", value: above }] });
    expect(scan.files).toBe(0);
  });

  test("partition_values_of_old_files_are_read_anew", async () => {
    await using lake = await openLake();
    const { add } = await parquetFile(lake, "old.parquet", "SELECT 1::BIGINT AS id");
    const old = { ...add, partitionValues: { v: text } };
    const { add: other } = await parquetFile(lake, "null.parquet", "SELECT 2::BIGINT AS id");
    const table = await commitAll(lake, [
      [
        ...described(struct({ id: "long", v: type }), { partitionColumns: ["v"] }),
        { add: old },
        { add: { ...other, partitionValues: { v: null } } },
      ],
    ]);
    expect(await rowsOf(table)).toEqual([
      { id: 1, v: partitionValue },
      { id: 2, v: null },
    ]);
    const snapshot = await table.snapshot();
    for (const where of matching(partitionValue)) {
      await using scan = await snapshot.scan({ where: [where] });
      expect(scan.files).toBe(1);
      expect(await lake.engine.rows(`SELECT id FROM ${scan.sql}`)).toEqual([{ id: 1 }]);
    }
  });
});

test("partition_values_of_all_types_are_read_from_their_texts", async () => {
  await using lake = await openLake();
  const texts: Readonly<Record<string, readonly [type: string, text: string, value: unknown]>> = {
    utc: ["timestamp", "2021-09-08T11:11:11.000001Z", "2021-09-08T11:11:11.000001Z"],
    offset: ["timestamp", "2021-09-08 11:11:11+02:00", "2021-09-08T09:11:11.000000Z"],
    zoneless: ["timestamp", "2021-09-08 11:11:11", "2021-09-08T11:11:11.000000Z"],
    midnight: ["timestamp", "2021-09-08", "2021-09-08T00:00:00.000000Z"],
    local: ["timestamp_ntz", "2021-09-08 11:11:11.5", "2021-09-08T11:11:11.500000"],
    nan: ["double", "NaN", Number.NaN],
    infinite: ["float", "-Infinity", -Infinity],
    flag: ["boolean", "true", true],
    bytes: ["binary", "\u0001é", Uint8Array.of(1, 0xc3, 0xa9)],
    quoted: ["string", 'it\'s "so"', 'it\'s "so"'],
    empty: ["string", "", null],
  };
  const names = Object.keys(texts);
  const schema = struct({ id: "long", ...Object.fromEntries(names.map((name) => [name, texts[name]![0]])) });
  const a = await parquetFile(lake, "a.parquet", "SELECT 1::BIGINT AS id");
  const b = await parquetFile(lake, "b.parquet", "SELECT 2::BIGINT AS id");
  const table = await commitAll(lake, [
    [
      ...described(schema, { partitionColumns: names }),
      { add: { ...a.add, partitionValues: Object.fromEntries(names.map((name) => [name, texts[name]![1]])) } },
      { add: { ...b.add, partitionValues: Object.fromEntries(names.map((name) => [name, null])) } },
    ],
  ]);
  const expected = { id: 1, ...Object.fromEntries(names.map((name) => [name, texts[name]![2]])) };
  const nothing = { id: 2, ...Object.fromEntries(names.map((name) => [name, null])) };
  const byId = async (): Promise<unknown[]> => (await rowsOf(table)).sort((x, y) => Number(x.id) - Number(y.id));
  expect(await byId()).toEqual([expected, nothing]);
  const first = await (
    await table.snapshot()
  ).scan({ where: [{ column: "zoneless", op: "<", value: "2021-09-08T11:11:12Z" }] });
  await using session = await lake.engine.session();
  // A zone of the session changes nothing.
  await session.run("SET TimeZone = 'Asia/Tokyo'");
  expect(await session.rows(`SELECT * FROM ${first.sql}`)).toEqual([expected]);
  await first[Symbol.asyncDispose]();
});
