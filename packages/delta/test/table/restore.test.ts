import { describe, expect, test } from "vitest";
import { createTable, openTable } from "@cinelake/delta";
import { beforeCommit, codeOf, commitOf, openLake, rowsOf, struct } from "../support/tables.ts";

const schema = struct({ id: "long", p: "string" });
const rows = (...ids: number[]): { id: number; p: string }[] => ids.map((id) => ({ id, p: "x" }));

test("an_old_version_is_the_latest_again, by a commit of files alone", async () => {
  await using lake = await openLake();
  const table = await createTable(lake.context, { schema, partitionColumns: ["p"] });
  await table.append({ rows: rows(1) });
  await table.append({ rows: rows(2) });
  await table.overwrite({ rows: rows(3) });
  const sizes = (await commitOf(lake, 1))
    .concat(await commitOf(lake, 2))
    .flatMap(({ add }) => (add?.size as number) ?? []);
  expect(await table.restore({ version: 2 })).toEqual({
    version: 4,
    committed: true,
    addedFiles: 2,
    removedFiles: 1,
    addedRows: 0,
    restoredVersion: 2,
  });
  expect(await rowsOf(table)).toEqual(rows(1, 2));
  expect(await rowsOf(await openTable(lake.context), 3)).toEqual(rows(3));
  const actions = await commitOf(lake, 4);
  expect(actions.flatMap(Object.keys).sort()).toEqual(["add", "add", "commitInfo", "remove"]);
  const restored = String(sizes[0]! + sizes[1]!);
  expect(actions[0]!.commitInfo).toMatchObject({
    operation: "RESTORE",
    operationParameters: { version: "2" },
    operationMetrics: {
      tableSizeAfterRestore: restored,
      numOfFilesAfterRestore: "2",
      numRestoredFiles: "2",
      numRemovedFiles: "1",
      restoredFilesSize: restored,
      removedFilesSize: expect.any(String) as unknown,
    },
  });
});

test("a_time_names_a_version, and one that is not there is refused", async () => {
  await using lake = await openLake();
  let now = 1_700_000_000_000;
  const context = { ...lake.context, now: () => now };
  const table = await createTable(context, { schema, configuration: { "delta.enableInCommitTimestamps": "true" } });
  for (const id of [1, 2]) {
    now += 1000;
    await table.append({ rows: rows(id) });
  }
  expect(await table.restore({ timestamp: now - 500 })).toMatchObject({ restoredVersion: 1, committed: true });
  expect(await rowsOf(table)).toEqual(rows(1));
  expect(await codeOf(table.restore({ version: 9 }))).toBe("delta_version_not_found");
  expect(await codeOf(table.restore({ version: -1 }))).toBe("delta_version_not_found");
  expect(await codeOf(table.restore({ timestamp: 0 }))).toBe("delta_version_not_found");
});

test("the_present_version_is_no_commit", async () => {
  await using lake = await openLake();
  const table = await createTable(lake.context, { schema });
  await table.append({ rows: rows(1) });
  await table.delete();
  expect(await table.restore({ version: 0 })).toMatchObject({ version: 2, committed: false, restoredVersion: 0 });
});

describe("the description", () => {
  test("schema_partitions_and_properties_come_back, features stay", async () => {
    await using lake = await openLake();
    const table = await createTable(lake.context, {
      schema,
      partitionColumns: ["p"],
      configuration: { kept: "1", changed: "old" },
    });
    await table.append({ rows: rows(1) });
    await table.alter({
      addColumns: [{ name: "late", type: "timestamp_ntz", nullable: true, metadata: {} }],
      setProperties: { changed: "new", added: "1", "delta.enableInCommitTimestamps": "true" },
    });
    await table.overwrite({ rows: [{ v: 1 }] }, { overwriteSchema: { schema: struct({ v: "integer" }) } });
    const before = await table.describe();
    await table.restore({ version: 1 });
    expect(await rowsOf(await openTable(lake.context))).toEqual(rows(1));
    const after = await table.describe();
    expect(after).toMatchObject({ schema, partitionColumns: ["p"], features: before.features, id: before.id });
    const {
      "delta.inCommitTimestampEnablementVersion": _v,
      "delta.inCommitTimestampEnablementTimestamp": _t,
      ...own
    } = after.properties;
    expect(own).toEqual({ kept: "1", changed: "old", "delta.enableInCommitTimestamps": "true" });
    expect(after.lastModified).toBeGreaterThan(before.lastModified);
  });

  test("properties_alone_are_a_change", async () => {
    await using lake = await openLake();
    const table = await createTable(lake.context, { schema });
    await table.alter({ setProperties: { k: "v" } });
    expect(await table.restore({ version: 0 })).toMatchObject({ version: 2, committed: true, addedFiles: 0 });
    expect((await table.describe()).properties).toEqual({});
  });

  test("files_from_before_column_mapping_are_read_by_their_own_names", async () => {
    await using lake = await openLake();
    const nested = struct({ id: "long", s: struct({ a: "integer" }) });
    const table = await createTable(lake.context, { schema: nested });
    await table.append({ rows: [{ id: 1, s: { a: 2 } }] });
    await table.alter({ setProperties: { "delta.columnMapping.mode": "name" } });
    const other = struct({ other: "string" });
    await table.overwrite({ rows: [{ other: "x" }] }, { overwriteSchema: { schema: other } });
    await table.restore({ version: 1 });
    expect(await rowsOf(await openTable(lake.context))).toEqual([{ id: 1, s: { a: 2 } }]);
    await table.append({ rows: [{ id: 2, s: { a: 3 } }] });
    expect((await rowsOf(table)).length).toBe(2);
    const { properties } = await table.describe();
    expect(properties["delta.columnMapping.mode"]).toBe("name");
  });

  test("ids_of_columns_are_never_used_again", async () => {
    await using lake = await openLake();
    const configuration = { "delta.columnMapping.mode": "name" };
    const table = await createTable(lake.context, { schema, configuration });
    await table.append({ rows: rows(1) });
    await table.alter({ addColumns: [{ name: "more", type: "long", nullable: true, metadata: {} }] });
    await table.restore({ version: 1 });
    await table.alter({ addColumns: [{ name: "again", type: "long", nullable: true, metadata: {} }] });
    const { fields } = (await table.snapshot()).schema;
    expect(fields.map(({ metadata }) => metadata["delta.columnMapping.id"])).toEqual([1, 2, 4]);
  });
});

test("files_that_are_gone_are_named, and nothing is committed", async () => {
  await using lake = await openLake();
  const table = await createTable(lake.context, { schema });
  await table.append({ rows: rows(1) });
  await table.overwrite({ rows: rows(2) });
  const old = await openTable({ ...lake.context, now: () => Date.now() + 1e10 });
  const { deletedFiles } = await old.vacuum();
  const work = table.restore({ version: 1 });
  await expect(work).rejects.toMatchObject({
    code: "object_not_found",
    message: expect.stringContaining(deletedFiles[0]!) as unknown,
    details: { missing: deletedFiles.map((path) => `lake/t/${path}`) },
  });
  expect((await table.snapshot()).version).toBe(3);
  expect(await rowsOf(table)).toEqual(rows(2));
});

test("an_append_only_table_is_not_restored, not even to a version that was not", async () => {
  await using lake = await openLake();
  const table = await createTable(lake.context, { schema });
  await table.append({ rows: rows(1) });
  await table.alter({ setProperties: { "delta.appendOnly": "true" } });
  await table.append({ rows: rows(2) });
  expect(await codeOf(table.restore({ version: 1 }))).toBe("invalid_argument");
});

test("an_append_meanwhile_is_a_conflict: it would stay among the restored rows", async () => {
  await using lake = await openLake();
  const table = await createTable(lake.context, { schema });
  await table.append({ rows: rows(1) });
  await table.append({ rows: rows(2) });
  const store = beforeCommit(lake.store, () => table.append({ rows: rows(3) }));
  const other = await openTable({ ...lake.context, store });
  expect(await codeOf(other.restore({ version: 1 }))).toBe("delta_conflict");
  expect(await rowsOf(table)).toEqual(rows(1, 2, 3));
});
