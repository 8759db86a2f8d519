import type { LocalFile, ObjectStore } from "@cinelake/object_store";
import { expect, test } from "vitest";
import { temporaryDirectory } from "@cinelake/testkit";
import { createTable, openTable, type Snapshot } from "@cinelake/delta";
import { WINDOW } from "../../src/data/row_windows.ts";
import { codeOf, keysBelow, openLake, struct, type Lake } from "../support/tables.ts";

/** The store, how many data files were made local, how many at most at once, and how many still are. */
function watched(store: ObjectStore): {
  store: ObjectStore;
  opened: () => number;
  most: () => number;
  open: () => number;
} {
  let [opened, most, open] = [0, 0, 0];
  const localFile = async (key: string): Promise<LocalFile> => {
    const file = await store.localFile(key);
    if (!key.includes("_delta_log")) {
      opened++;
      most = Math.max(most, ++open);
    }
    let isOpen = true;
    return {
      path: file.path,
      async [Symbol.asyncDispose]() {
        if (isOpen && !key.includes("_delta_log")) open--;
        isOpen = false;
        await file[Symbol.asyncDispose]();
      },
    };
  };
  const proxy = new Proxy(store, {
    get: (target, name) => {
      if (name === "localFile") return localFile;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { store: proxy, opened: () => opened, most: () => most, open: () => open };
}

const FILES = 3 * WINDOW.files + 1;

async function manyFiles(lake: Lake): Promise<Snapshot> {
  const table = await createTable(lake.context, { schema: struct({ id: "long", p: "long" }), partitionColumns: ["p"] });
  await table.append({ sql: `SELECT i AS id, i // 10 AS p FROM range(${FILES * 10}) t(i)` });
  const snapshot = await table.snapshot();
  await using scan = await snapshot.scan();
  expect(scan.files).toBe(FILES);
  return snapshot;
}

test.each(["read", "arrow"] as const)(
  "%s_opens_two_windows_of_files_at_once_and_no_more, and reads every row",
  async (how) => {
    await using lake = await openLake();
    const snapshot = await manyFiles(lake);
    const files = watched(lake.store);
    const again = await reopened(lake, files.store);
    let rows = 0;
    for await (const batch of again[how]()) rows += "numRows" in batch ? batch.numRows : batch.length;
    expect(rows).toBe(snapshot.rowCount);
    expect(files.opened()).toBe(FILES);
    expect(files.most()).toBe(2 * WINDOW.files);
    expect(files.open()).toBe(0);
  },
);

test.each(["read", "arrow"] as const)(
  "a_consumer_of_%s_that_stops_early_opens_few_files, and all are released",
  async (how) => {
    await using lake = await openLake();
    await manyFiles(lake);
    const files = watched(lake.store);
    const snapshot = await reopened(lake, files.store);
    for await (const batch of snapshot[how]()) {
      expect("numRows" in batch ? batch.numRows : batch.length).toBeGreaterThan(0);
      break;
    }
    expect(files.opened()).toBe(2 * WINDOW.files);
    expect(files.open()).toBe(0);
    await expect(
      (async () => {
        for await (const rows of snapshot.read()) throw new Error(`stop after ${rows.length > 0}`);
      })(),
    ).rejects.toThrow("stop after true");
    expect(files.open()).toBe(0);
  },
);

test("a_file_that_is_gone_fails_the_read_when_it_is_reached, and releases the others", async () => {
  await using lake = await openLake();
  await manyFiles(lake);
  const keys = (await Array.fromAsync(lake.store.list("lake/t/p="))).map(({ key }) => key);
  const files = watched(lake.store);
  const snapshot = await reopened(lake, files.store);
  for (const key of keys) if (key.includes(`p=${FILES - 1}/`)) await lake.store.delete(key);
  await expect(Array.fromAsync(snapshot.read())).rejects.toMatchObject({ code: "object_not_found" });
  expect(files.open()).toBe(0);
});

async function reopened(lake: Lake, store: ObjectStore): Promise<Snapshot> {
  return (await openTable({ ...lake.context, store })).snapshot();
}

test.each(["read", "arrow"] as const)("a_file_that_goes_while_%s_has_it_open_is_told_as_such", async (how) => {
  await using directory = await temporaryDirectory();
  await using lake = await openLake(directory.path);
  const snapshot = await manyFiles(lake);
  const reading = async (): Promise<void> => {
    for await (const _ of snapshot[how]()) {
      for (const key of await keysBelow(lake.store, "lake/t/p=")) await lake.store.delete(key);
    }
  };
  expect(await codeOf(reading())).toBe("object_not_found");
});
