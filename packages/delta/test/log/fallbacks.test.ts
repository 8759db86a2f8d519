import { expect, test } from "vitest";
import type { ObjectInfo, ObjectStore } from "@cinelake/object_store";
import { counting } from "@cinelake/testkit";
import { openSqlEngine } from "@cinelake/delta";
import type { Action } from "../../src/log/actions.ts";
import { loadState, refreshState } from "../../src/log/load.ts";
import {
  add,
  lines,
  logKey,
  metaData,
  padded,
  PROTOCOL,
  putCommits,
  putLines,
  putParquet,
  putQuery,
  remove,
  replacing,
} from "../support/logs.ts";
import { openLake, type Lake } from "../support/tables.ts";

const COMMITS: readonly (readonly Action[])[] = [
  [PROTOCOL, metaData(), add("f0")],
  [add("f1")],
  [remove("f0"), add("f2")],
  [add("f3")],
  [remove("f1")],
];
const EXPECTED = ["f2", "f3"];
const UUID = "80a083e8-7026-4e79-81be-64bd76c43a11";

async function logOf(lake: Lake): Promise<void> {
  await putCommits(lake, COMMITS);
  await putParquet(lake, `${padded(1)}.checkpoint.parquet`, [PROTOCOL, metaData(), add("f0"), add("f1")]);
}

async function filesOf(lake: Lake, version?: number, store = lake.store): Promise<string[]> {
  return Array.from((await loadState({ ...lake.context, store }, version))!.files.keys()).sort();
}

async function put(lake: Lake, name: string, text: string): Promise<void> {
  await lake.store.put(logKey(name), new TextEncoder().encode(text));
}

const at3 = (name: string): string => `${padded(3)}.${name}`;
const live3 = [PROTOCOL, metaData(), add("f1"), add("f2"), add("f3")];
const sidecar = (path: string): Action => ({ sidecar: { path, sizeInBytes: 1, modificationTime: 1 } });

test.each<[string, (lake: Lake) => Promise<void>]>([
  ["a Parquet checkpoint that is text", (lake) => put(lake, at3("checkpoint.parquet"), "not Parquet at all")],
  [
    "a Parquet checkpoint that was cut",
    async (lake) => {
      await putParquet(lake, at3("checkpoint.parquet"), live3);
      const key = logKey(at3("checkpoint.parquet"));
      await lake.store.put(key, (await lake.store.get(key)).slice(0, -200));
    },
  ],
  ["an empty checkpoint", (lake) => put(lake, at3("checkpoint.parquet"), "")],
  ["a JSON checkpoint that was cut", (lake) => put(lake, at3(`checkpoint.${UUID}.json`), '{"protocol":{"minRea')],
  [
    "a checkpoint whose sidecar is gone",
    (lake) => putLines(lake, at3(`checkpoint.${UUID}.json`), [PROTOCOL, metaData(), sidecar("gone.parquet")]),
  ],
  [
    "a checkpoint whose sidecar is torn",
    async (lake) => {
      await put(lake, "_sidecars/torn.parquet", "PAR1");
      await putParquet(lake, at3(`checkpoint.${UUID}.parquet`), [PROTOCOL, metaData(), sidecar("torn.parquet")]);
    },
  ],
  [
    "a part missing",
    (lake) => putParquet(lake, at3("checkpoint.0000000001.0000000002.parquet"), [PROTOCOL, metaData()]),
  ],
  ["a torn compaction", (lake) => put(lake, `${padded(2)}.${padded(4)}.compacted.json`, '{"add":{"pa')],
  [
    "all checkpoints torn",
    async (lake) => {
      await put(lake, at3("checkpoint.parquet"), "x");
      await put(lake, `${padded(1)}.checkpoint.parquet`, "x");
    },
  ],
])("damage_is_done_without_where_other_files_stand_in: %s", async (_name, damage) => {
  for (const hint of [undefined, 3]) {
    await using lake = await openLake();
    await logOf(lake);
    await damage(lake);
    if (hint !== undefined) await put(lake, "_last_checkpoint", `{"version":${hint},"size":5}`);
    expect(await filesOf(lake)).toEqual(EXPECTED);
    expect(await filesOf(lake, 3)).toEqual(["f1", "f2", "f3"]);
  }
});

test("damage_that_nothing_stands_in_for_is_named: file and cause", async () => {
  await using lake = await openLake();
  await logOf(lake);
  await put(lake, `${padded(1)}.checkpoint.parquet`, "x");
  await lake.store.delete(logKey(`${padded(0)}.json`));
  await expect(loadState(lake.context)).rejects.toMatchObject({
    code: "delta_corrupt",
    message: expect.stringContaining(`${padded(1)}.checkpoint.parquet`),
  });
});

test("a_torn_commit_is_damage_with_its_file_and_line, and earlier versions stay readable", async () => {
  await using lake = await openLake();
  await putCommits(lake, COMMITS);
  await put(lake, `${padded(4)}.json`, `{"commitInfo":{}}\n{"remove":{"pat`);
  await expect(loadState(lake.context)).rejects.toMatchObject({
    code: "delta_corrupt",
    message: expect.stringContaining(`Line 2 of ${logKey(padded(4))}.json`),
  });
  expect(await filesOf(lake, 3)).toEqual(["f1", "f2", "f3"]);
});

test.each(["", '{"remove":{"path'])("a_last_commit_on_its_way_is_waited_for: %j", async (beginning) => {
  await using lake = await openLake();
  await putCommits(lake, COMMITS);
  const key = logKey(`${padded(4)}.json`);
  let reads = 0;
  const store = replacing(lake.store, "get", async (wanted: string) =>
    wanted === key && reads++ === 0 ? new TextEncoder().encode(beginning) : lake.store.get(wanted),
  );
  expect(await filesOf(lake, undefined, store)).toEqual(EXPECTED);
});

test("a_compaction_that_vanishes_is_done_without", async () => {
  await using lake = await openLake();
  await putCommits(lake, COMMITS);
  const name = `${padded(1)}.${padded(4)}.compacted.json`;
  await putLines(lake, name, [add("other")]);
  const store = replacing(lake.store, "get", async (key: string) => {
    if (key === logKey(name)) await lake.store.delete(key);
    return lake.store.get(key);
  });
  expect(await filesOf(lake, undefined, store)).toEqual(EXPECTED);
});

test("compactions_save_reading", async () => {
  await using lake = await openLake();
  await putCommits(lake, COMMITS);
  await putLines(lake, `${padded(1)}.${padded(4)}.compacted.json`, [remove("f0"), remove("f1"), add("f2"), add("f3")]);
  const { port, calls } = counting(lake.store);
  const known = (await loadState(lake.context, 0))!;
  expect(await filesOf(lake, undefined, port)).toEqual(EXPECTED);
  // The hint that is not there, version 0, the compaction.
  expect(calls.get("get")).toBe(3);
  calls.clear();
  expect((await refreshState({ ...lake.context, store: port }, known)).files.size).toBe(2);
  // The hint that is not there, the compaction.
  expect(calls.get("get")).toBe(2);
});

test.each([
  ["the newest", [4]],
  ["the newest two", [3, 4]],
  ["one in the middle", [2]],
])("a_listing_that_comes_late_hides_no_commit_that_is_known_of: %s", async (_name, late) => {
  await using lake = await openLake();
  await putCommits(lake, COMMITS);
  const store = replacing(lake.store, "list", async function* (...args: Parameters<ObjectStore["list"]>) {
    for await (const info of lake.store.list(...args)) {
      if (!late.some((version) => info.key.endsWith(`${padded(version)}.json`))) yield info;
    }
  });
  expect(await filesOf(lake, 4, store)).toEqual(EXPECTED);
  await put(lake, "_last_checkpoint", '{"version":4,"size":1}');
  expect(await filesOf(lake, undefined, store)).toEqual(EXPECTED);
});

test("a_state_never_goes_back: a refresh beside a late listing keeps what is known", async () => {
  await using lake = await openLake();
  await putCommits(lake, COMMITS);
  const known = (await loadState(lake.context))!;
  const store = replacing(lake.store, "list", async function* (): AsyncGenerator<ObjectInfo> {});
  expect(await refreshState({ ...lake.context, store }, known)).toBe(known);
});

test("a_file_that_is_cleaned_away_meanwhile_is_no_damage", async () => {
  await using lake = await openLake();
  await logOf(lake);
  let moved = false;
  const store = replacing(lake.store, "get", async (key: string) => {
    if (!moved && key.endsWith(`${padded(2)}.json`)) {
      moved = true;
      await putParquet(lake, at3("checkpoint.parquet"), live3);
      for (const version of [0, 1, 2]) await lake.store.delete(logKey(`${padded(version)}.json`));
    }
    return lake.store.get(key);
  });
  expect(await filesOf(lake, undefined, store)).toEqual(EXPECTED);
});

test("files_below_the_log_are_no_part_of_it", async () => {
  await using lake = await openLake();
  await putCommits(lake, COMMITS);
  for (const folder of ["_sidecars", "_staged_commits", "00", ".hidden"]) {
    await lake.store.put(logKey(`${folder}/${padded(5)}.json`), lines([add("f5")]));
  }
  expect(await filesOf(lake)).toEqual(EXPECTED);
});

test("paths_that_hold_control_characters_are_read_as_they_are", async () => {
  await using lake = await openLake();
  const odd = ["a\u001fb", "c\u001ed\u001f", "\u001e", "plain"];
  await putParquet(lake, `${padded(0)}.checkpoint.parquet`, [
    PROTOCOL,
    metaData(),
    ...odd.map((path) => add(path, { stats: `{"numRecords":1,"x":"${"\u001f".repeat(7)}"}` })),
  ]);
  const state = (await loadState(lake.context))!;
  expect(Array.from(state.files.keys()).sort()).toEqual(odd.toSorted());
  expect(state.files.get("a\u001fb")!.size).toBe(1);
});

test("a_checkpoint_larger_than_the_engine's_memory_is_read", async () => {
  await using lake = await openLake();
  const files = 300_000;
  const sidecar: Action = { sidecar: { path: "adds.parquet", sizeInBytes: 1, modificationTime: 1 } };
  await putParquet(lake, `${padded(1)}.checkpoint.${UUID}.parquet`, [PROTOCOL, metaData(), sidecar]);
  await putQuery(
    lake,
    "_sidecars/adds.parquet",
    `SELECT {'path': 'part-' || i, 'partitionValues': MAP {}::MAP(VARCHAR, VARCHAR), 'size': 1, 'modificationTime': 1, 'dataChange': false, 'stats': repeat('x', 500)} AS "add" FROM range(${files}) t(i)`,
  );
  await using engine = await openSqlEngine({ threads: 1, memoryLimit: "100MB" });
  const state = await loadState({ ...lake.context, engine });
  expect(state?.version).toBe(1);
  expect(state?.files.size).toBe(files);
});
