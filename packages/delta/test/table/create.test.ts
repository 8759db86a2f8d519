import { expect, test } from "vitest";
import { createTable, openOrCreateTable, openTable } from "@cinelake/delta";
import { codeOf, commitOf, keysBelow, openLake, struct } from "../support/tables.ts";

const schema = struct({ "id!": "long", day: "date" });

test("version_0_is_what_readers_ask_for: commitInfo, protocol 1/2, metaData", async () => {
  await using lake = await openLake();
  await createTable(
    { ...lake.context, now: () => 1234 },
    { schema, partitionColumns: ["day"], name: "n", configuration: { "a.b": "c" } },
  );
  const [first, second, third, ...rest] = await commitOf(lake, 0);
  expect(first!.commitInfo).toMatchObject({
    operation: "CREATE TABLE",
    timestamp: 1234,
    engineInfo: "cinelake-delta/0.1.0",
  });
  expect(second).toEqual({ protocol: { minReaderVersion: 1, minWriterVersion: 2 } });
  expect(third!.metaData).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    name: "n",
    format: { provider: "parquet", options: {} },
    schemaString: JSON.stringify(schema),
    partitionColumns: ["day"],
    configuration: { "a.b": "c" },
    createdTime: 1234,
  });
  expect(rest).toEqual([]);
});

test("timestamp_ntz_needs_its_feature", async () => {
  await using lake = await openLake();
  await createTable(lake.context, {
    schema: struct({ at: "timestamp_ntz", list: { type: "array", elementType: "timestamp_ntz", containsNull: true } }),
  });
  expect((await commitOf(lake, 0))[1]).toEqual({
    protocol: {
      minReaderVersion: 3,
      minWriterVersion: 7,
      readerFeatures: ["timestampNtz"],
      writerFeatures: ["appendOnly", "invariants", "timestampNtz"],
    },
  });
});

test("a_table_is_made_once", async () => {
  await using lake = await openLake();
  expect(await codeOf(openTable(lake.context))).toBe("delta_table_not_found");
  await createTable(lake.context, { schema });
  expect(await codeOf(createTable(lake.context, { schema }))).toBe("delta_table_exists");
  expect((await (await openTable(lake.context)).snapshot()).version).toBe(0);
});

test("racing_creators_all_succeed: one version 0", async () => {
  await using lake = await openLake();
  const tables = await Promise.all(Array.from({ length: 8 }, () => openOrCreateTable(lake.context, { schema })));
  const snapshots = await Promise.all(tables.map((table) => table.snapshot()));
  expect(snapshots.map(({ version }) => version)).toEqual(Array.from({ length: 8 }, () => 0));
  expect(await keysBelow(lake.store, "lake/t/")).toEqual(["lake/t/_delta_log/00000000000000000000.json"]);
});

test.each([
  ["no column", { schema: struct({}) }],
  ["names equal but for case", { schema: struct({ a: "long", A: "long" }) }],
  ["names that Spark cannot read", { schema: struct({ "a b": "long" }) }],
  ["such names within", { schema: struct({ s: struct({ "a,b": "long" }) }) }],
  ["unknown partition column", { schema, partitionColumns: ["nope"] }],
  ["partition column twice", { schema, partitionColumns: ["day", "day"] }],
  ["all columns partition", { schema: struct({ a: "long" }), partitionColumns: ["a"] }],
  ["partition by struct", { schema: struct({ a: "long", s: struct({ b: "long" }) }), partitionColumns: ["s"] }],
])("tables_that_cannot_be_are_refused: %s", async (_name, options) => {
  await using lake = await openLake();
  expect(await codeOf(createTable(lake.context, options))).toBe("invalid_argument");
  expect(await keysBelow(lake.store, "lake")).toEqual([]);
});

test.each([
  ["unknown type", { schema: struct({ a: "int" }) }, "int"],
  ["row tracking", { schema, configuration: { "delta.enableRowTracking": "true" } }, "rowTracking"],
  [
    "constraint that cannot be evaluated",
    { schema, configuration: { "delta.constraints.c": "nope > 0" } },
    "constraint c",
  ],
  [
    "unknown mapping mode",
    { schema, configuration: { "delta.columnMapping.mode": "both" } },
    "columnMapping mode both",
  ],
])("features_that_are_not_there_are_refused: %s", async (_name, options, feature) => {
  await using lake = await openLake();
  await expect(createTable(lake.context, options)).rejects.toThrow(feature);
  expect(await keysBelow(lake.store, "lake")).toEqual([]);
});

test.each<[string, Record<string, string>, string[], number]>([
  ["check constraints", { "delta.constraints.c": "id > 0" }, ["checkConstraints"], 1],
  ["change data feed", { "delta.enableChangeDataFeed": "true" }, ["changeDataFeed"], 1],
  ["in-commit timestamps", { "delta.enableInCommitTimestamps": "true" }, ["inCommitTimestamp"], 1],
  ["column mapping", { "delta.columnMapping.mode": "name" }, ["columnMapping"], 3],
])("a_feature_in_use_is_in_the_protocol: %s", async (_name, configuration, features, reader) => {
  await using lake = await openLake();
  await createTable(lake.context, { schema, configuration });
  const protocol = (await commitOf(lake, 0)).find((action) => action.protocol)!.protocol!;
  expect(protocol).toMatchObject({ minReaderVersion: reader, minWriterVersion: 7 });
  expect(protocol.writerFeatures).toEqual(expect.arrayContaining(features));
});

test.each<[string, string, string]>([
  [
    "unknown writer feature",
    '{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["rowTracking"]}',
    "rowTracking",
  ],
  ["writer version to come", '{"minReaderVersion":1,"minWriterVersion":8}', "minWriterVersion 8"],
])("a_table_that_must_not_be_written_can_be_read: %s", async (_name, protocol, feature) => {
  await using lake = await openLake();
  const table = await createTable(lake.context, { schema });
  const [, , metaData] = await commitOf(lake, 0);
  const next = `{"protocol":${protocol}}\n${JSON.stringify(metaData)}\n`;
  await lake.store.put("lake/t/_delta_log/00000000000000000001.json", new TextEncoder().encode(next));
  expect((await table.snapshot()).version).toBe(1);
  await expect(table.append({ sql: "SELECT 1::BIGINT AS id" })).rejects.toThrow(feature);
});
