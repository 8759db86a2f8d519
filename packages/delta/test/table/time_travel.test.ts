import { expect, test } from "vitest";
import { counting } from "@cinelake/testkit";
import type { ObjectInfo, ObjectStore } from "@cinelake/object_store";
import { createTable, openTable, type DeltaTable } from "@cinelake/delta";
import { codeOf, keysBelow, openLake, rowsOf, struct, type Lake } from "../support/tables.ts";

const schema = struct({ "id!": "long" });

async function appended(lake: Lake, versions: number): Promise<DeltaTable> {
  const table = await createTable(lake.context, { schema });
  for (let id = 1; id <= versions; id++) await table.append({ sql: `SELECT ${id} AS id` });
  return table;
}

/** The store, whose commits bear these times. */
function withTimes(store: ObjectStore, timeOf: (version: number) => number): ObjectStore {
  return new Proxy(store, {
    get(target, property) {
      if (property !== "list") {
        const value: unknown = Reflect.get(target, property);
        return typeof value === "function" ? value.bind(target) : value;
      }
      return async function* (...args: Parameters<ObjectStore["list"]>): AsyncGenerator<ObjectInfo> {
        for await (const info of target.list(...args)) {
          const version = /(\d{20})\.json$/.exec(info.key);
          yield version ? { ...info, lastModified: timeOf(Number(version[1])) } : info;
        }
      };
    },
  });
}

test("a_version_keeps_its_rows, whatever is written later", async () => {
  await using lake = await openLake();
  const table = await appended(lake, 3);
  const old = await table.snapshot();
  await table.overwrite({ rows: [] });
  expect(await rowsOf(table, 2)).toEqual([{ id: 1 }, { id: 2 }]);
  expect((await Array.fromAsync(old.read())).flat().length).toBe(3);
  for (const version of [-1, 5, 1.5]) expect(await codeOf(table.snapshot({ version }))).toBe("delta_version_not_found");
});

test("a_time_gives_the_last_version_that_was_there: times are made to rise", async () => {
  await using lake = await openLake();
  await appended(lake, 3);
  const times = [1000, 5000, 3000, 9000];
  const table = await openTable({ ...lake.context, store: withTimes(lake.store, (version) => times[version]!) });
  const versionAt = async (timestamp: number): Promise<number> => (await table.snapshot({ timestamp })).version;
  expect(await codeOf(table.snapshot({ timestamp: 999 }))).toBe("delta_version_not_found");
  expect(await Promise.all([1000, 4999, 5000, 5001, 8999, 9000, 99999].map(versionAt))).toEqual([0, 0, 1, 2, 2, 3, 3]);
  expect((await table.snapshot()).timestamp).toBe(9000);
});

test("history_is_newest_first", async () => {
  await using lake = await openLake();
  const table = await appended(lake, 2);
  await table.overwrite({ rows: [] }, { userMetadata: "emptied" });
  expect(
    (await table.history()).map(({ version, operation, userMetadata }) => [version, operation, userMetadata]),
  ).toEqual([
    [3, "WRITE", "emptied"],
    [2, "WRITE", undefined],
    [1, "WRITE", undefined],
    [0, "CREATE TABLE", undefined],
  ]);
  expect((await table.history(1)).map(({ metrics }) => metrics.numRemovedFiles)).toEqual(["2"]);
});

test("a_checkpoint_every_ten_commits carries the whole state", async () => {
  await using lake = await openLake();
  const table = await createTable(lake.context, {
    schema: struct({ "id!": "long", p: "string" }),
    partitionColumns: ["p"],
    configuration: { k: "v" },
    description: "d",
  });
  const step = (version: number) => ({ transactions: [{ appId: "a", version, expected: version - 1 || undefined }] });
  for (let id = 1; id <= 9; id++) await table.append({ rows: [{ id, p: id % 2 ? "a b" : null }] }, step(id));
  await table.overwrite({ rows: [{ id: 10, p: null }] }, { where: [{ column: "p", op: "is null" }], ...step(10) });
  const before = await rowsOf(table);
  expect(
    JSON.parse(new TextDecoder().decode(await lake.store.get("lake/t/_delta_log/_last_checkpoint"))),
  ).toMatchObject({ version: 10, numOfAddFiles: 6 });
  for (let version = 0; version <= 10; version++)
    await lake.store.delete(`lake/t/_delta_log/${String(version).padStart(20, "0")}.json`);
  const reopened = await openTable(lake.context);
  const snapshot = await reopened.snapshot();
  expect([
    snapshot.version,
    snapshot.transaction("a"),
    snapshot.configuration,
    snapshot.partitionColumns,
    snapshot.rowCount,
  ]).toEqual([10, 10, { k: "v" }, ["p"], 6]);
  expect(await rowsOf(reopened)).toEqual(before);
  const [kinds] = await lake.engine.rows(
    `SELECT count(protocol) AS protocol, count("metaData") AS metadata, count(txn) AS txn, count("add") AS adds, count(remove) AS removes, count(*) AS all FROM read_parquet('${await localPath(lake)}')`.replace(
      "AS all",
      "AS total",
    ),
  );
  expect(kinds).toEqual({ protocol: 1, metadata: 1, txn: 1, adds: 6, removes: 4, total: 13 });
  await reopened.append({ rows: [{ id: 11 }] });
  expect((await rowsOf(await openTable(lake.context))).length).toBe(7);
});

async function localPath(lake: Lake): Promise<string> {
  return (await lake.store.localFile("lake/t/_delta_log/00000000000000000010.checkpoint.parquet")).path;
}

test.each([
  ["missing", undefined],
  ["torn", '{"version":1'],
  ["empty", ""],
  ["of something else", '{"version":"x"}'],
  ["stale", '{"version":2,"size":3}'],
  ["ahead of the log", '{"version":77,"size":3}'],
])("last_checkpoint_is_only_a_hint: %s", async (_name, text) => {
  await using lake = await openLake();
  const configuration = { "delta.checkpointInterval": "2" };
  const table = await createTable(lake.context, { schema, configuration });
  for (let id = 1; id <= 5; id++) await table.append({ sql: `SELECT ${id} AS id` });
  const key = "lake/t/_delta_log/_last_checkpoint";
  if (text === undefined) await lake.store.delete(key);
  else await lake.store.put(key, new TextEncoder().encode(text));
  expect((await rowsOf(await openTable(lake.context))).length).toBe(5);
  expect((await rowsOf(await openTable(lake.context), 1)).length).toBe(1);
});

test("a_refresh_reads_only_newer_commits", async () => {
  await using lake = await openLake();
  await appended(lake, 8);
  const { port, calls } = counting(lake.store);
  const reader = await openTable({ ...lake.context, store: port });
  calls.clear();
  expect((await reader.snapshot()).version).toBe(8);
  // The hint that a later checkpoint would have left.
  expect(calls.get("get")).toBe(1);
  await (await openTable(lake.context)).append({ sql: "SELECT 9 AS id" });
  expect((await reader.snapshot()).version).toBe(9);
  expect(calls.get("get")).toBe(3);
  expect(calls.has("list")).toBe(false);
});

test("a_log_that_was_cleaned_up_is_read_from_its_checkpoint", async () => {
  await using lake = await openLake();
  const table = await appended(lake, 3);
  const writer = await openTable(lake.context);
  for (let id = 4; id <= 12; id++) await writer.append({ sql: `SELECT ${id} AS id` });
  for (const key of await keysBelow(lake.store, "lake/t/_delta_log/000000000000000000")) {
    if (key.endsWith(".json") && Number(key.slice(-25, -5)) < 10) await lake.store.delete(key);
  }
  expect((await rowsOf(table)).length).toBe(12);
  expect(await codeOf(table.snapshot({ version: 5 }))).toBe("delta_version_not_found");
});

test("a_missing_commit_is_damage_not_silence", async () => {
  await using lake = await openLake();
  const table = await appended(lake, 1);
  const writer = await openTable(lake.context);
  for (let id = 2; id <= 3; id++) await writer.append({ sql: `SELECT ${id} AS id` });
  await lake.store.delete("lake/t/_delta_log/00000000000000000002.json");
  expect(await codeOf(openTable(lake.context))).toBe("delta_corrupt");
  expect(await codeOf(table.snapshot())).toBe("delta_corrupt");
});
