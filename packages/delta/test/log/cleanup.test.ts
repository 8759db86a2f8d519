import { expect, test } from "vitest";
import type { ObjectStore } from "@cinelake/object_store";
import { createTable } from "@cinelake/delta";
import { cleanLog } from "../../src/log/cleanup.ts";
import { loadState } from "../../src/log/load.ts";
import type { Action } from "../../src/log/actions.ts";
import {
  add,
  logKey,
  metaData,
  padded,
  PROTOCOL,
  putLines,
  putParquet,
  replacing,
  versionOf,
  withTimes,
} from "../support/logs.ts";
import { codeOf, keysBelow, openLake, rowsOf, struct, type Lake } from "../support/tables.ts";

const DAY = 86_400_000;
const UUID = "80a083e8-7026-4e79-81be-64bd76c43a11";
const NOW = 100 * DAY + 5000;

/** Commits 0 to 9, one a day from day 61 on, each adding a file; with checkpoints of some versions. */
async function dailyLog(
  lake: Lake,
  checkpoints: readonly number[],
  configuration: Record<string, string> = {},
): Promise<ObjectStore> {
  const head: Action[] = [PROTOCOL, metaData(configuration)];
  const files = (version: number): Action[] => Array.from({ length: version + 1 }, (_, file) => add(`f${file}`));
  for (let version = 0; version < 10; version++) {
    await putLines(lake, `${padded(version)}.json`, [...(version === 0 ? head : []), add(`f${version}`)]);
    await putLines(lake, `${padded(version)}.crc`, [{}]);
  }
  for (const version of checkpoints) {
    await putParquet(lake, `${padded(version)}.checkpoint.parquet`, [...head, ...files(version)]);
  }
  return withTimes(lake.store, (name) => {
    const version = versionOf(name);
    return version === undefined ? undefined : (61 + version) * DAY;
  });
}

async function clean(lake: Lake, store: ObjectStore): Promise<void> {
  const state = (await loadState(lake.context))!;
  await cleanLog({ ...lake.context, store }, state, NOW);
}

async function names(lake: Lake): Promise<string[]> {
  return (await keysBelow(lake.store, logKey(""))).map((key) => key.slice(logKey("").length));
}

async function readable(lake: Lake): Promise<string> {
  const versions = Array.from({ length: 10 }, (_, version) => version);
  const marks = await Promise.all(
    versions.map(async (version) => {
      const state = await loadState(lake.context, version).catch((error: { code?: string }) => error.code);
      if (typeof state !== "object") return state === "delta_version_not_found" ? "-" : String(state);
      return state.files.size === version + 1 ? "+" : "?";
    }),
  );
  return marks.join("");
}

// Thirty days before day 100 is day 70, and version 9 is of that very midnight.
test.each<[string, number[], Record<string, string>, string]>([
  ["the newest checkpoint that is old enough is the base", [2, 6], {}, "------++++"],
  ["a checkpoint of the last moment counts", [2, 9], {}, "---------+"],
  ["one that is younger does not", [2, 9], { "delta.logRetentionDuration": "interval 31 days" }, "--++++++++"],
  ["without a checkpoint all stays", [], {}, "++++++++++"],
  ["with a long retention all stays", [2, 6], { "delta.logRetentionDuration": "interval 60 days" }, "++++++++++"],
  ["switched off", [2, 6], { "delta.enableExpiredLogCleanup": "false" }, "++++++++++"],
])("clean_up_keeps_every_version_from_the_base_on: %s", async (_name, checkpoints, configuration, expected) => {
  await using lake = await openLake();
  const store = await dailyLog(lake, checkpoints, configuration);
  await clean(lake, store);
  expect(await readable(lake)).toBe(expected);
  const base = expected.indexOf("+");
  const left = (await names(lake)).map((name) => versionOf(name)!);
  expect(Math.min(...left)).toBe(base);
  expect(await names(lake)).toContain(`${padded(base)}.json`);
  const before = await names(lake);
  await clean(lake, store);
  expect(await names(lake)).toEqual(before);
});

test("a_torn_checkpoint_is_no_base", async () => {
  await using lake = await openLake();
  const store = await dailyLog(lake, [2, 6]);
  await lake.store.put(logKey(`${padded(6)}.checkpoint.parquet`), new TextEncoder().encode("torn"));
  await clean(lake, store);
  expect(await readable(lake)).toBe("--++++++++");
});

test("compactions_into_the_base_go_with_it", async () => {
  await using lake = await openLake();
  const store = await dailyLog(lake, [6]);
  const compactions = [
    [1, 2],
    [5, 8],
    [6, 9],
    [7, 9],
  ].map(([from, to]) => `${padded(from!)}.${padded(to!)}.compacted.json`);
  for (const name of compactions) await putLines(lake, name, [add("f")]);
  await clean(lake, store);
  expect((await names(lake)).filter((name) => name.includes("compacted"))).toEqual([compactions[3]]);
});

test("a_clean_up_that_stops_anywhere_leaves_the_log_whole_from_some_version_on", async () => {
  for (let last = 0; last < 14; last++) {
    await using lake = await openLake();
    const store = await dailyLog(lake, [2, 6]);
    let deleted = 0;
    const failing = replacing(store, "delete", async (key: string) => {
      if (deleted++ === last) throw new Error("the process was killed");
      await lake.store.delete(key);
    });
    await clean(lake, failing).catch(() => undefined);
    expect(await readable(lake)).toMatch(/^-*\+{4,}$/);
  }
});

test("sidecars_go_when_they_are_old_and_no_checkpoint_names_them", async () => {
  await using lake = await openLake();
  const configuration = { "delta.logRetentionDuration": "interval 32 days" };
  const timed = await dailyLog(lake, [2], configuration);
  const head: Action[] = [PROTOCOL, metaData(configuration)];
  const sidecar = (path: string): Action => ({ sidecar: { path, sizeInBytes: 1, modificationTime: 1 } });
  for (const name of ["gone", "base", "young", "orphan", "begun"]) {
    await putParquet(lake, `_sidecars/${name}.parquet`, [add("f0")], ["add", "remove"]);
  }
  await putLines(lake, `${padded(1)}.checkpoint.${UUID}.json`, [...head, sidecar("gone.parquet")]);
  await putLines(lake, `${padded(6)}.checkpoint.${UUID}.json`, [...head, sidecar("base.parquet")]);
  await putParquet(lake, `${padded(8)}.checkpoint.${UUID}.parquet`, [...head, sidecar("young.parquet")]);
  const store = withTimes(timed, (name) =>
    name.startsWith("_sidecars") ? (name.includes("begun") ? NOW - DAY : NOW - 3 * DAY) : undefined,
  );
  await cleanLog({ ...lake.context, store }, (await loadState(lake.context, 5))!, NOW);
  const left = (await names(lake)).filter((name) => name.startsWith("_sidecars"));
  expect(left.map((name) => name.slice("_sidecars/".length))).toEqual([
    "base.parquet",
    "begun.parquet",
    "young.parquet",
  ]);
});

test("a_checkpoint_cleans_up, and a clean-up that fails fails no commit", async () => {
  await using lake = await openLake();
  const configuration = { "delta.checkpointInterval": "2", "delta.logRetentionDuration": "interval 1 day" };
  const errors: unknown[] = [];
  let isBroken = true;
  const store = replacing(lake.store, "delete", async (key: string) => {
    if (isBroken && key.includes("_delta_log")) throw new Error("no deleting today");
    await lake.store.delete(key);
  });
  const context = { ...lake.context, store, onCheckpointError: (error: unknown) => errors.push(error) };
  const later = { ...context, now: () => Date.now() + 3 * DAY };
  const table = await createTable(later, { schema: struct({ id: "long" }), configuration });
  const append = (id: number) => table.append({ rows: [{ id }] });
  for (let id = 1; id <= 4; id++) expect((await append(id)).version).toBe(id);
  expect(errors.map(String)).toEqual(["Error: no deleting today", "Error: no deleting today"]);
  isBroken = false;
  for (let id = 5; id <= 6; id++) await append(id);
  expect(errors).toHaveLength(2);
  expect((await names(lake)).filter((name) => name.endsWith("json"))).toEqual([`${padded(6)}.json`]);
  expect((await rowsOf(table)).length).toBe(6);
  expect(await codeOf(table.snapshot({ version: 5 }))).toBe("delta_version_not_found");
});
