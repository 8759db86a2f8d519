import * as fc from "fast-check";
import { faulty, temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { createTable, openTable, type DeltaTable, type TableContext } from "@cinelake/delta";
import type { AddFile, RemoveFile } from "../../src/log/actions.ts";
import { loadWithTombstones } from "../../src/log/load.ts";
import { unneededFiles } from "../../src/table/vacuum.ts";
import { beforeCommit, codeOf, commitOf, keysBelow, openLake, rowsOf, struct, type Lake } from "../support/tables.ts";

const hour = 3_600_000;
const week = 7 * 24 * hour;
const schema = struct({ id: "long", p: "string" });

/** The table's context in a time to come. */
function later(lake: Lake, milliseconds: number): TableContext {
  return { ...lake.context, now: () => Date.now() + milliseconds };
}

async function dataKeys(lake: Lake): Promise<string[]> {
  return (await keysBelow(lake.store, "lake/t/")).filter((key) => !key.includes("/_delta_log/"));
}

/** A table whose file of id 1 was replaced by a delete in half of it. */
async function rewritten(lake: Lake, configuration: Record<string, string> = {}): Promise<DeltaTable> {
  const table = await createTable(lake.context, { schema, configuration });
  await table.append({ rows: [{ id: 1 }, { id: 2 }] });
  await table.delete({ where: [{ column: "id", op: "=", value: 1 }] });
  return table;
}

test("removed_files_go_when_their_retention_is_over, not before", async () => {
  await using lake = await openLake();
  const table = await rewritten(lake);
  expect((await dataKeys(lake)).length).toBe(2);
  expect((await (await openTable(later(lake, week - hour))).vacuum()).deletedFiles).toEqual([]);
  expect((await dataKeys(lake)).length).toBe(2);
  const { deletedFiles, deletedBytes, dryRun } = await (await openTable(later(lake, week + hour))).vacuum();
  expect([deletedFiles.length, dryRun]).toEqual([1, false]);
  expect(deletedBytes).toBeGreaterThan(0);
  expect((await dataKeys(lake)).length).toBe(1);
  expect(await rowsOf(table)).toEqual([{ id: 2, p: null }]);
  expect(await codeOf(rowsOf(table, 1))).toBe("object_not_found");
});

test("a_vacuum_is_in_the_log_if_it_deleted_anything, with Spark's names", async () => {
  await using lake = await openLake();
  await rewritten(lake);
  const table = await openTable(later(lake, week + hour));
  await table.vacuum();
  expect((await table.snapshot()).version).toBe(3);
  expect(await commitOf(lake, 3)).toEqual([
    {
      commitInfo: expect.objectContaining({
        operation: "VACUUM END",
        operationParameters: { status: "COMPLETED", specifiedRetentionMillis: String(week) },
        operationMetrics: { numDeletedFiles: "1", numVacuumedDirectories: "2", sizeOfDataDeleted: expect.any(String) },
        isBlindAppend: true,
      }) as unknown,
    },
  ]);
  expect((await table.vacuum()).deletedFiles).toEqual([]);
  expect((await table.snapshot()).version).toBe(3);
});

test("a_dry_run_says_the_same_and_does_nothing", async () => {
  await using lake = await openLake();
  await rewritten(lake);
  const table = await openTable(later(lake, week + hour));
  const keys = await keysBelow(lake.store, "");
  const { deletedFiles, deletedBytes, dryRun } = await table.vacuum({ dryRun: true });
  expect(dryRun).toBe(true);
  expect(await keysBelow(lake.store, "")).toEqual(keys);
  expect(await table.vacuum()).toEqual({ dryRun: false, deletedFiles, deletedBytes });
});

test("a_retention_below_the_table's_needs_force", async () => {
  await using lake = await openLake();
  await rewritten(lake, { "delta.deletedFileRetentionDuration": "interval 2 hours" });
  const table = await openTable(later(lake, hour * 1.5));
  expect(await codeOf(table.vacuum({ retentionHours: 1 }))).toBe("invalid_argument");
  expect(await codeOf(table.vacuum({ retentionHours: -1, force: true }))).toBe("invalid_argument");
  expect(await codeOf(table.vacuum({ retentionHours: Number.NaN, force: true }))).toBe("invalid_argument");
  expect((await table.vacuum({ retentionHours: 2 })).deletedFiles).toEqual([]);
  expect((await table.vacuum({ retentionHours: 1, force: true })).deletedFiles.length).toBe(1);
});

test("orphans_go_and_hidden_files_stay: also below partition folders that begin with an underscore", async () => {
  await using lake = await openLake();
  const physical = (name: string, id: number) => ({
    "delta.columnMapping.physicalName": name,
    "delta.columnMapping.id": id,
  });
  const fields = struct({ id: "long", p: "string" }).fields.map((field, index) => ({
    ...field,
    metadata: physical(["id", "_p q"][index]!, index + 1),
  }));
  const table = await createTable(lake.context, {
    schema: { type: "struct", fields },
    partitionColumns: ["p"],
    configuration: { "delta.columnMapping.mode": "name" },
  });
  await table.append({ rows: [{ id: 1, p: "a" }] });
  const orphans = ["part-1.parquet", "_p%20q=b/part-2.parquet", "deep/er/x.bin", "_change_data/cdc-1.parquet"];
  const hidden = ["_index/part-3.parquet", ".tmp/part-4.parquet", "deep/_x/y", "_SUCCESS", "deep/_change_data/z"];
  for (const path of [...orphans, ...hidden]) await lake.store.put(`lake/t/${path}`, new Uint8Array(1));
  await lake.store.put("lake/t2/part-5.parquet", new Uint8Array(1));
  const { deletedFiles } = await (await openTable(later(lake, week + hour))).vacuum();
  expect(deletedFiles.toSorted()).toEqual(orphans.toSorted());
  const keys = await keysBelow(lake.store, "");
  for (const path of hidden) expect(keys).toContain(`lake/t/${path}`);
  expect(keys).toContain("lake/t2/part-5.parquet");
  expect((await rowsOf(table)).length).toBe(1);
});

test("a_table_inside_of_the_folder_is_left_alone", async () => {
  await using lake = await openLake();
  const table = await rewritten(lake);
  const inner = await createTable({ ...lake.context, path: "lake/t/inner" }, { schema });
  await inner.append({ rows: [{ id: 3 }] });
  const { deletedFiles } = await (await openTable(later(lake, week + hour))).vacuum();
  expect(deletedFiles).toHaveLength(1);
  expect((await rowsOf(inner)).map(({ id }) => id)).toEqual([3]);
  expect((await rowsOf(table)).map(({ id }) => id)).toEqual([2]);
});

test("change_data_goes_with_the_files_of_its_time", async () => {
  await using lake = await openLake();
  await rewritten(lake, { "delta.enableChangeDataFeed": "true" });
  const { deletedFiles } = await (await openTable(later(lake, week + hour))).vacuum();
  expect(deletedFiles.filter((path) => path.startsWith("_change_data/")).length).toBe(1);
  expect(deletedFiles.length).toBe(2);
});

const at = { modificationTime: 0, dataChange: true, size: 1, partitionValues: {} };
const removedAt = (path: string, deletionTimestamp?: number): RemoveFile => ({
  path,
  dataChange: true,
  ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
});

test("paths_are_compared_as_they_are_meant: escapes decoded, absolute ones inside the folder, deletion vectors, tombstones", async () => {
  await using directory = await temporaryDirectory();
  await using lake = await openLake(`${directory.path}/a b`);
  await createTable(lake.context, { schema });
  const loaded = (await loadWithTombstones(lake.context))!;
  const vector = (storageType: string, pathOrInlineDv: string) => ({ storageType, pathOrInlineDv, sizeInBytes: 1 });
  const files: AddFile[] = [
    { ...at, path: "p=a%2520b/x%20y.parquet" },
    { ...at, path: `file://${encodeURI(directory.path)}/a%20b/lake/t/absolute.parquet` },
    { ...at, path: `${encodeURI(directory.path)}/a%20b/lake/t/bare.parquet` },
    { ...at, path: "file:/elsewhere/part.parquet" },
    { ...at, path: "d1", deletionVector: vector("u", "ab^-aqEH.-t@S}K{vb[*k^") },
    { ...at, path: "d2", deletionVector: vector("i", "0rJua") },
    { ...at, path: "d3", deletionVector: vector("p", `file://${encodeURI(directory.path)}/a%20b/lake/t/own.bin`) },
  ];
  const state = { ...loaded.state, files: new Map(files.map((file) => [file.path, file])) };
  const removed = [removedAt("fresh", 1000), removedAt("expired", 999), removedAt("timeless")];
  const tombstones = new Map(removed.map((file) => [file.path, file]));
  const needed = [
    "p=a%20b/x y.parquet",
    "absolute.parquet",
    "bare.parquet",
    "d1",
    "d2",
    "d3",
    "ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin",
    "own.bin",
    "fresh",
  ];
  const unneeded = ["p=a b/x y.parquet", "part.parquet", "expired", "timeless", "deletion_vector_x.bin"];
  const listed = [...needed, ...unneeded].map((path) => ({ key: `lake/t/${path}`, size: 1, lastModified: 999 }));
  const young = { key: "lake/t/young", size: 1, lastModified: 1000 };
  const found = unneededFiles(lake.context, { state, tombstones }, [...listed, young], 1000);
  expect(found.map(({ path }) => path)).toEqual(unneeded);
});

test("a_writer_version_or_feature_that_is_not_known_stops_it", async () => {
  for (const protocol of [
    { minReaderVersion: 1, minWriterVersion: 8 },
    { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ["somethingNew"] },
    { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ["new"], writerFeatures: ["new"] },
  ]) {
    await using lake = await openLake();
    await rewritten(lake);
    const line = Buffer.from(`${JSON.stringify({ protocol })}\n`);
    await lake.store.putIfAbsent("lake/t/_delta_log/00000000000000000003.json", line);
    const keys = await keysBelow(lake.store, "");
    const table = await openTable(later(lake, week + hour));
    expect(await codeOf(table.vacuum())).toBe("delta_unsupported");
    expect(await codeOf(table.vacuum({ dryRun: true }))).toBe("delta_unsupported");
    expect(await keysBelow(lake.store, "")).toEqual(keys);
  }
});

test("what_a_crash_left_undone_the_next_run_does", async () => {
  await using lake = await openLake();
  const table = await createTable(lake.context, { schema });
  for (let id = 0; id < 40; id++) await lake.store.put(`lake/t/orphan-${id}`, new Uint8Array(1));
  let left = 10;
  const store = faulty(lake.store, {
    before: (method) => (method === "delete" && left-- <= 0 ? new Error("gone") : undefined),
  });
  const crashed = await openTable({ ...later(lake, week + hour), store });
  await expect(crashed.vacuum()).rejects.toThrow("gone");
  const rest = await dataKeys(lake);
  expect(rest.length).toBe(30);
  const { deletedFiles } = await (await openTable(later(lake, week + hour))).vacuum();
  expect(deletedFiles.map((path) => `lake/t/${path}`)).toEqual(rest);
  expect((await table.history(1))[0]).toMatchObject({ operation: "VACUUM END", metrics: { numDeletedFiles: "30" } });
});

test("a_change_of_the_description_meanwhile_is_no_reason_to_fail", async () => {
  await using lake = await openLake();
  const table = await rewritten(lake);
  const store = beforeCommit(lake.store, () => table.alter({ setProperties: { k: "v" } }));
  await (await openTable({ ...later(lake, week + hour), store })).vacuum();
  expect((await table.history()).slice(0, 2).map(({ operation }) => operation)).toEqual([
    "VACUUM END",
    "SET TBLPROPERTIES",
  ]);
});

test("versions_within_the_retention_stay_whole: random writes, each a day after the other", async () => {
  const day = 24 * hour;
  const step = fc.constantFrom("append", "delete", "overwrite", "optimize", "checkpoint");
  await using lake = await openLake();
  let tables = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 3, maxLength: 9 }),
      fc.integer({ min: 0, max: 9 }),
      async (steps, days) => {
        const path = `v${tables++}`;
        let now = Date.now() + 30 * day;
        const context = { ...lake.context, path, now: () => now };
        const table = await createTable(context, {
          schema,
          configuration: {
            "delta.deletedFileRetentionDuration": `interval ${days} days`,
            "delta.logRetentionDuration": "interval 1000 days",
          },
        });
        const times = [now];
        for (const [index, name] of steps.entries()) {
          now += day;
          const rows = [{ id: index }, { id: index + 100 }];
          if (name === "append") await table.append({ rows });
          else if (name === "overwrite") await table.overwrite({ rows });
          else if (name === "delete") await table.delete({ where: [{ column: "id", op: "<", value: index }] });
          else if (name === "optimize") await table.optimize();
          else await table.checkpoint();
          times.length = (await table.snapshot()).version + 1;
          times[times.length - 1] ??= now;
        }
        const versions = await Promise.all(times.map((_, version) => rowsOf(table, version)));
        now += hour;
        await table.vacuum();
        expect(await rowsOf(await openTable(context))).toEqual(versions.at(-1));
        for (const [version, rows] of versions.entries()) {
          // A version can be read for as long after its successor came as removed files are kept.
          const replaced = times[version + 1] ?? Infinity;
          if (replaced >= now - days * day) expect(await rowsOf(table, version), `version ${version}`).toEqual(rows);
        }
      },
    ),
    { numRuns: 15 },
  );
});
