import * as fc from "fast-check";
import { expect, test } from "vitest";
import { counting } from "@cinelake/testkit";
import { loadState, refreshState, type LogPlace } from "../../src/log/load.ts";
import { versionAt } from "../../src/log/version_at.ts";
import { history } from "../../src/table/history.ts";
import {
  add,
  logKey,
  metaData,
  padded,
  PROTOCOL,
  putCommits,
  putLines,
  putParquet,
  versionOf,
  withTimes,
} from "../support/logs.ts";
import { openLake, type Lake } from "../support/tables.ts";

const ON = { "delta.enableInCommitTimestamps": "true" };

async function atTime(place: LogPlace, timestamp: number): Promise<number> {
  return versionAt(place, (await loadState(place))!, timestamp);
}

/** Commits whose files bear these times; from `enabled` on their own times, which count there. */
async function timedLog(
  lake: Lake,
  files: readonly number[],
  own: readonly number[],
  enabled: number,
): Promise<LogPlace> {
  for (const version of files.keys()) {
    const time = own[version - enabled];
    const first = version === enabled;
    const configuration =
      enabled === 0
        ? ON
        : {
            ...ON,
            "delta.inCommitTimestampEnablementVersion": String(enabled),
            "delta.inCommitTimestampEnablementTimestamp": String(own[0]),
          };
    await putLines(lake, `${padded(version)}.json`, [
      { commitInfo: { operation: "WRITE", ...(time === undefined ? {} : { inCommitTimestamp: time }) } },
      ...(version === 0 ? [PROTOCOL] : []),
      ...(version === 0 || first ? [metaData(first ? configuration : {})] : []),
      add(`f${version}`),
    ]);
  }
  return { ...lake.context, store: withTimes(lake.store, (name) => files[versionOf(name) ?? -1]) };
}

test("times_in_commits_count_from_the_version_that_turned_them_on, file times before", async () => {
  await using lake = await openLake();
  const place = await timedLog(lake, [100, 300, 200, 9000, 9000], [1000, 2000], 3);
  const wanted = [100, 299, 300, 301, 999, 1000, 1999, 2000, 99_999];
  expect(await Promise.all(wanted.map((time) => atTime(place, time)))).toEqual([0, 0, 1, 2, 2, 3, 3, 4, 4]);
  await expect(atTime(place, 99)).rejects.toMatchObject({
    code: "delta_version_not_found",
    message: expect.stringContaining("1970-01-01T00:00:00.100Z"),
  });
  const state = (await loadState(place))!;
  expect([state.timestamp, (await loadState(place, 2))!.timestamp]).toEqual([2000, 200]);
});

test("time_travel_finds_the_version_as_a_search_one_by_one_does, and reads few commits", async () => {
  await using lake = await openLake();
  const times = Array.from({ length: 200 }, (_, version) => 1000 + version * 10);
  const place = await timedLog(
    lake,
    times.map(() => 5),
    times,
    0,
  );
  const latest = (await loadState(place))!;
  const { port, calls } = counting(place.store);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1000, max: 3200 }), async (time) => {
      calls.clear();
      const found = await versionAt({ ...place, store: port }, latest, time);
      expect(found).toBe(times.findLastIndex((own) => own <= time));
      expect((calls.get("get") ?? 0) + (calls.get("getRange") ?? 0)).toBeLessThanOrEqual(9);
    }),
    { numRuns: 30 },
  );
});

test("a_time_that_was_cleaned_away_is_not_found, and the first that is left is told", async () => {
  await using lake = await openLake();
  const place = await timedLog(lake, [1, 2, 3, 4, 5], [1000, 2000, 3000, 4000, 5000], 0);
  await putParquet(lake, `${padded(2)}.checkpoint.parquet`, [PROTOCOL, metaData(ON), add("f0"), add("f1"), add("f2")]);
  await lake.store.delete(logKey(`${padded(0)}.json`));
  expect(await atTime(place, 3500)).toBe(2);
  // Version 1 is there, but nothing to build it on.
  await expect(atTime(place, 2500)).rejects.toThrow(/begins at 1970-01-01T00:00:03.000Z with version 2/);
});

test("a_version_s_time_is_in_its_commit_also_where_a_compaction_or_a_checkpoint_gave_the_state", async () => {
  await using lake = await openLake();
  const place = await timedLog(lake, [1, 2, 3], [1000, 2000, 3000], 0);
  const known = (await loadState(place, 0))!;
  await putLines(lake, `${padded(1)}.${padded(2)}.compacted.json`, [add("f1"), add("f2")]);
  expect((await loadState(place))!.timestamp).toBe(3000);
  expect((await refreshState(place, known)).timestamp).toBe(3000);
  await putParquet(lake, `${padded(2)}.checkpoint.parquet`, [PROTOCOL, metaData(ON), add("f0")]);
  expect((await loadState(place))!.timestamp).toBe(3000);
});

test("history_reads_no_more_than_its_limit", async () => {
  await using lake = await openLake();
  const place = await timedLog(
    lake,
    Array.from({ length: 30 }, (_, version) => version),
    [],
    99,
  );
  const latest = (await loadState(place))!;
  const { port, calls } = counting(place.store);
  const entries = await history({ ...place, store: port }, latest, 3);
  expect(entries.map(({ version, timestamp }) => [version, timestamp])).toEqual([
    [29, 29],
    [28, 28],
    [27, 27],
  ]);
  expect([calls.get("getRange"), calls.get("get")]).toEqual([3, undefined]);
});

test("history_bears_with_commits_of_any_form", async () => {
  await using lake = await openLake();
  await putCommits(lake, [
    [PROTOCOL, metaData()],
    [add("x".repeat(20_000)), { commitInfo: { operation: "LAST", operationMetrics: { rows: 3 } } }],
    [{ commitInfo: { operation: "y".repeat(20_000) } }],
    [],
  ]);
  const entries = await history(lake.context, (await loadState(lake.context))!);
  expect(entries.map(({ operation, metrics }) => [operation?.slice(0, 4), metrics])).toEqual([
    [undefined, {}],
    ["yyyy", {}],
    ["LAST", { rows: "3" }],
    [undefined, {}],
  ]);
});
