import { openCache, type Cache } from "@cinelake/cache";
import { EVENT_TOPICS, TOPICS, TRENDING_WINDOWS, trendingKey, type EventType } from "@cinelake/contracts";
import { openEventLog, partitionKey, type EventLog, type TopicPartition } from "@cinelake/event_log";
import type { TrendingEntry, TrendingPublication } from "@cinelake/ranking";
import { createMetrics, type Service } from "@cinelake/runtime";
import { faulty, seededRandom } from "@cinelake/testkit";
import {
  createTrendingAggregator,
  currentTrending,
  type TrendingAggregatorOptions,
} from "@cinelake/trending_aggregator";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { eventValue, newRecord } from "./support/events.ts";
import { movie, rating, temporaryLake, type Lake } from "./support/lake.ts";

let lake: Lake;
let log: EventLog;
let cache: Cache;
let running: Service[] = [];

beforeEach(async () => {
  lake = await temporaryLake();
  log = await openEventLog("memory:");
  cache = await openCache("memory:");
  await log.createTopics(EVENT_TOPICS.map((name) => ({ name, partitions: 3 })));
  running = [];
});

afterEach(async () => {
  for (const service of running) await service.stop();
  for (const resource of [cache, log, lake]) await resource[Symbol.asyncDispose]();
});

const silent = { info() {}, warn() {}, error() {} };
const QUICK: TrendingAggregatorOptions = { publishIntervalMs: 500, publishSoonMs: 20, historyIntervalMs: 60_000 };

async function started(
  options: TrendingAggregatorOptions = QUICK,
  ports: Partial<{ cache: Cache; log: EventLog }> = {},
) {
  const service = createTrendingAggregator({ ...lake, log, cache, logger: silent, ...ports, options });
  running.push(service);
  await service.start();
  return service;
}

async function send(type: EventType, change: Record<string, unknown>): Promise<void> {
  const value = eventValue(type, { event_ts: new Date().toISOString(), ...change });
  await log.append(TOPICS[type], [newRecord(value)]);
}

async function clicks(users: readonly number[], movieId: number): Promise<void> {
  for (const user of users) await send("click", { user_id: user, movie_id: movieId });
}

async function publications(): Promise<TrendingPublication[]> {
  const values = await cache.getMany(TRENDING_WINDOWS.map(trendingKey));
  return values.map((value) => JSON.parse(new TextDecoder().decode(value)) as TrendingPublication);
}

async function listed(list = "all"): Promise<(readonly TrendingEntry[])[]> {
  return (await publications()).map(({ lists }) => lists[list] ?? []);
}

const ids = (entries: readonly TrendingEntry[]) => entries.map((entry) => entry.movie_id);

async function seedHistory(films = 30): Promise<void> {
  await lake.write(
    "silver_ratings",
    Array.from({ length: films }, (_, film) => rating(film + 1, film + 1, 4, "2015-03-30T00:00:00Z")),
  );
  await lake.write(
    "silver_movies",
    Array.from({ length: films }, (_, film) => movie(film + 1, [film % 2 === 0 ? "Drama" : "Comedy"])),
  );
}

/** Generous for a busy machine; the guarantee of two seconds has a test of its own. */
const soon = (check: () => Promise<unknown>) => vi.waitFor(check, { timeout: 10_000, interval: 20 });

test("once started, lists of history are in the cache, by genre too", async () => {
  await seedHistory();
  await started();
  for (const list of await listed()) {
    expect(list).toHaveLength(30);
    expect(new Set(list.map((entry) => entry.source))).toEqual(new Set(["history"]));
  }
  for (const list of await listed("Drama")) expect(list).toHaveLength(15);
});

test("ten users' clicks bring an absent film into the top ten within two seconds, under the events of a hundred others", async () => {
  await seedHistory();
  await started();
  const random = seededRandom(1);
  for (let event = 0; event < 500; event++) {
    await send(random.pick(["view", "click"]), { user_id: 1000 + random.int(100), movie_id: 1 + random.int(60) });
  }
  await clicks([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 777);
  await vi.waitFor(
    async () => {
      for (const list of await listed()) expect(ids(list.slice(0, 10))).toContain(777);
    },
    { timeout: 2000, interval: 20 },
  );
});

test("the windows of a publication belong together and say how far they have read", async () => {
  await started();
  await clicks([1, 2, 3], 7);
  await soon(async () => expect(ids((await listed())[0] ?? [])).toEqual([7]));
  const [first, ...others] = await publications();
  const { next } = await log.offsets([TOPICS.click]);
  expect(Object.values(first?.offsets ?? {}).reduce((sum, offset) => sum + offset, 0)).toBe(3);
  for (const [key, offset] of Object.entries(first?.offsets ?? {})) expect(next.get(key)).toBe(offset);
  for (const other of others) expect(other.offsets).toEqual(first?.offsets);
});

test("invalid records and exposures are passed over", async () => {
  await started();
  await log.append(TOPICS.click, [{ key: "1", value: new TextEncoder().encode("no event") }]);
  await clicks([1, 2, 3], 7);
  await soon(async () => expect(ids((await listed())[0] ?? [])).toEqual([7]));
});

test("a restart goes on from the saved counts and offsets", async () => {
  const first = await started();
  await clicks([1, 2], 7);
  await clicks([1, 2, 3], 8);
  await soon(async () => expect(ids((await listed())[0] ?? [])).toEqual([8]));
  await first.stop();
  const { next } = await log.offsets([TOPICS.click]);
  const startedAt = new Map<string, number>();
  const watched = faulty(log, {
    before(method, args) {
      // The tail waits for records; looking at the last one counted does not.
      if (method !== "read" || (args[1] as { maxWaitMs?: number }).maxWaitMs === undefined) return undefined;
      const at = args[0] as TopicPartition & { offset: number };
      if (!startedAt.has(partitionKey(at))) startedAt.set(partitionKey(at), at.offset);
      return undefined;
    },
  });
  await started(QUICK, { log: watched });
  expect(ids((await listed())[0] ?? [])).toEqual([8]);
  await clicks([3], 7);
  await soon(async () => expect(ids((await listed())[0] ?? []).toSorted((a, b) => a - b)).toEqual([7, 8]));
  for (const [key, offset] of next) expect(startedAt.get(key)).toBe(offset);
});

test("an aggregator that was killed counts the log again", async () => {
  await clicks([1, 2, 3], 7);
  await started();
  await soon(async () => expect(ids((await listed())[0] ?? [])).toEqual([7]));
});

test("what is trending can be computed once, without a running aggregator", async () => {
  await seedHistory(2);
  const stopped = await started();
  await clicks([1, 2], 7);
  await stopped.stop();
  await clicks([3], 7);
  const computed = await currentTrending({ ...lake, log });
  expect(computed.map(({ window, lists }) => [window, ids(lists["all"] ?? [])])).toEqual(
    TRENDING_WINDOWS.map((window) => [window, [7, 1, 2]]),
  );
});

test("the state of another log is left aside", async () => {
  const first = await started();
  await clicks([1, 2, 3], 7);
  await soon(async () => expect(ids((await listed())[0] ?? [])).toEqual([7]));
  await first.stop();
  await using fresh = await openEventLog("memory:");
  await fresh.createTopics(EVENT_TOPICS.map((name) => ({ name, partitions: 3 })));
  const second = await started(QUICK, { log: fresh });
  for (const list of await listed()) expect(list).toEqual([]);
  await second.stop();
});

test("gold_trending_now gets one commit per change and none without", async () => {
  await seedHistory(3);
  const service = await started({ ...QUICK, tableIntervalMs: 50, tablePlaces: 2 });
  await soon(async () => expect(await lake.read("gold_trending_now")).not.toEqual([]));
  const before = await lake.read("gold_trending_now");
  expect(new Set(before.map((row) => row["computed_ts"])).size).toBe(1);
  const drama = before.filter((row) => row["window"] === "7d" && row["genre"] === "Drama");
  expect(drama.map((row) => row["rank"]).toSorted()).toEqual([1, 2]);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await lake.read("gold_trending_now")).toHaveLength(before.length);
  await clicks([1, 2, 3], 7);
  await soon(async () => expect((await lake.read("gold_trending_now")).length).toBeGreaterThan(before.length));
  await service.stop();
  const after = await lake.read("gold_trending_now");
  expect(after.some((row) => row["movie_id"] === 7 && row["rank"] === 1 && row["source"] === "live")).toBe(true);

  const again = await started(QUICK);
  await again.stop();
  expect(await lake.read("gold_trending_now")).toHaveLength(after.length);
});

test("new ratings and films in Silver are taken up while running", async () => {
  await started({ ...QUICK, historyIntervalMs: 50 });
  for (const list of await listed()) expect(list).toEqual([]);
  await seedHistory(4);
  await soon(async () => expect((await listed("Drama"))[2]).toHaveLength(2));
});

test("a cache that fails is told by health and written again", async () => {
  let broken = false;
  const service = await started(QUICK, {
    cache: faulty(cache, {
      before: (method) => (broken && method === "setMany" ? new Error("cache is away") : undefined),
    }),
  });
  broken = true;
  await soon(async () => expect(await service.health()).toBe("cache: cache is away"));
  broken = false;
  await clicks([1, 2, 3], 7);
  await soon(async () => expect(ids((await listed())[0] ?? [])).toEqual([7]));
  await soon(async () => expect(await service.health()).toBeUndefined());
});

test("start and stop may be called twice, stop without start too", async () => {
  const service = await started();
  await service.start();
  await clicks([1, 2, 3], 7);
  await Promise.all([service.stop(), service.stop()]);
  const never = createTrendingAggregator({ ...lake, log, cache, logger: silent });
  await never.stop();
  await never.start();
  expect(await never.health()).toBeUndefined();
});

test("the state of another log is told from this one's even if that log is longer", async () => {
  const first = await started();
  await clicks([1, 2, 3], 7);
  await soon(async () => expect(ids((await listed())[0] ?? [])).toEqual([7]));
  await first.stop();
  await using other = await openEventLog("memory:");
  await other.createTopics(EVENT_TOPICS.map((name) => ({ name, partitions: 3 })));
  for (const user of [1, 2, 3, 1, 2, 3]) {
    await other.append(TOPICS.click, [
      newRecord(eventValue("click", { event_ts: new Date().toISOString(), user_id: user, movie_id: 8 })),
    ]);
  }
  const second = await started(QUICK, { log: other });
  await soon(async () => expect(ids((await listed())[0] ?? [])).toEqual([8]));
  await second.stop();
});

test("a state that is lost or damaged costs nothing but reading the log again", async () => {
  const first = await started();
  await clicks([1, 2, 3], 7);
  await soon(async () => expect(ids((await listed())[0] ?? [])).toEqual([7]));
  await first.stop();
  for (const damage of [
    () => lake.store.put("state/trending_aggregator.bin", new Uint8Array([9, 0, 0, 0, 1])),
    () => lake.store.delete("state/trending_aggregator.bin"),
  ]) {
    await damage();
    const again = await started();
    await soon(async () => expect(ids((await listed())[0] ?? [])).toEqual([7]));
    await again.stop();
  }
});

test("lists that the cache has lost are back with the next publication", async () => {
  await started({ ...QUICK, publishIntervalMs: 50 });
  await clicks([1, 2, 3], 7);
  await soon(async () => expect(ids((await listed())[0] ?? [])).toEqual([7]));
  for (const window of TRENDING_WINDOWS) await cache.delete(trendingKey(window));
  await soon(async () => expect(ids((await listed())[0] ?? [])).toEqual([7]));
});

test("an aggregator that has not read the log yet leaves the lists of others alone, in the cache and in the table", async () => {
  await clicks([1, 2, 3], 7);
  const first = await started();
  await soon(async () => expect(ids((await listed())[0] ?? [])).toEqual([7]));
  await first.stop();
  const before = [await publications(), await lake.read("gold_trending_now")];
  await lake.store.delete("state/trending_aggregator.bin");
  let away = true;
  const unread = faulty(log, {
    before: (method, args) =>
      method === "read" && away && (args[1] as { maxWaitMs?: number }).maxWaitMs ? new Error("away") : undefined,
  });
  const hasty = { ...QUICK, publishIntervalMs: 50 };
  const stuck = await started(hasty, { log: unread });
  await soon(async () => expect(await stuck.health()).toBe("event log: away"));
  await stuck.stop();
  expect([await publications(), await lake.read("gold_trending_now")]).toEqual(before);
  await started(hasty, { log: unread });
  away = false;
  await clicks([1, 2, 3], 8);
  await soon(async () => expect(ids((await listed())[0] ?? []).toSorted((a, b) => a - b)).toEqual([7, 8]));
});

test("two aggregators of one log publish the same lists and write gold_trending_now once", async () => {
  await seedHistory(3);
  await clicks([1, 2, 3], 7);
  const [one, other] = [await started(), await started()];
  await soon(async () => expect(await lake.read("gold_trending_now")).not.toEqual([]));
  for (const list of await listed()) expect(list[0]).toMatchObject({ movie_id: 7, users: 3, source: "live" });
  await Promise.all([one.stop(), other.stop()]);
  const rows = await lake.read("gold_trending_now");
  expect(new Set(rows.map((row) => String(row["computed_ts"]))).size).toBe(1);
  const places = rows.map((row) => [row["window"], row["genre"], row["rank"]].join(" "));
  expect(new Set(places).size).toBe(places.length);
});

test("metrics tell what became of each record, what is remembered, and how far the lists are behind", async () => {
  const metrics = createMetrics();
  let held = true;
  const slow = faulty(log, {
    before: (method, args) =>
      method === "read" && held && (args[1] as { maxWaitMs?: number }).maxWaitMs ? new Error("away") : undefined,
  });
  const service = createTrendingAggregator({
    ...lake,
    log: slow,
    cache,
    logger: silent,
    metrics,
    options: { ...QUICK, lagIntervalMs: 20 },
  });
  running.push(service);
  await service.start();
  await clicks([1, 2, 3], 7);
  const figure = async (name: string) =>
    (await metrics.text())
      .split("\n")
      .filter((line) => line.startsWith(name))
      .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  await soon(async () => {
    expect(await figure("cinelake_trending_lag_records")).toBe(3);
    expect(await figure("cinelake_trending_lag_seconds")).toBeGreaterThan(0);
  });
  held = false;
  await soon(async () => {
    expect(await figure("cinelake_trending_lag_records")).toBe(0);
    expect(await figure("cinelake_trending_lag_seconds")).toBe(0);
    expect(await figure('cinelake_trending_events_total{outcome="counted"}')).toBe(3);
    expect(await figure("cinelake_trending_pairs")).toBe(3);
  });
});
