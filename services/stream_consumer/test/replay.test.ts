import { allTopics, EVENT_TOPICS, TOPICS, type EventTopic } from "@cinelake/contracts";
import { openEventLog } from "@cinelake/event_log";
import { openLakeTable } from "@cinelake/lake";
import { faulty } from "@cinelake/testkit";
import * as fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { planReplay, replayEvents, type ReplayStart } from "../src/index.ts";
import { planPartition, type PartitionPosition } from "../src/replay/plan.ts";
import { mixedStream, rating, send, sent } from "./events.ts";
import { expectEverythingOnce } from "./expectations.ts";
import { drain, openWorld, readTable, snapshotOf, startConsumer, type World } from "./world.ts";

const RATINGS = TOPICS.rating;
const FEW = ["view", "rating"] as const;
const ALL = { topics: EVENT_TOPICS };
const EARLIEST = { ...ALL, from: "earliest" } as const;

describe("the plan of a partition", () => {
  const at = { topic: RATINGS, partition: 1 };
  const place = (more: Partial<PartitionPosition>, silver: number | undefined, bronze: number | undefined, has = 0) =>
    planPartition({
      ...at,
      first: 0,
      next: 100,
      from: 0,
      ...more,
      tables: [
        { table: "silver", offset: silver, has: 0 },
        { table: "bronze", offset: bronze, has },
      ],
    });

  test("Silver goes back to where it is asked to, Bronze only behind what it has", () => {
    expect(place({ from: 40 }, 90, 90, 90)).toEqual({
      ...at,
      from: 40,
      next: 100,
      wasAhead: false,
      moves: [{ ...at, table: "silver", expected: 90, offset: 40 }],
    });
    expect(place({ from: 40 }, 90, 90, 70).moves).toMatchObject([{ offset: 40 }, { offset: 70 }]);
  });

  test("a table that is ahead of the log goes to where the log is to be read from, to its end for latest", () => {
    expect(place({ from: 0 }, 200, 201)).toMatchObject({ wasAhead: true, moves: [{ offset: 0 }, { offset: 0 }] });
    expect(place({ from: 100 }, 200, 201)).toMatchObject({ from: 100, moves: [{ offset: 100 }, { offset: 100 }] });
  });

  test("a table that has read nothing yet needs no offset", () => {
    expect(place({ from: 0 }, undefined, undefined)).toMatchObject({ from: 0, moves: [] });
  });

  test("no offset goes forward or beyond the log, none of Bronze behind what it has, whatever is asked for", () => {
    const count = fc.nat(50);
    fc.assert(
      fc.property(
        count,
        count,
        fc.nat(200),
        fc.option(count),
        fc.option(count),
        count,
        (first, size, from, s, b, has) => {
          const next = first + size;
          const { moves } = place({ first, next, from }, s ?? undefined, b ?? undefined, Math.min(has, b ?? 0));
          for (const { table, expected, offset } of moves) {
            expect(offset).toBeLessThan(expected);
            expect(offset).toBeLessThanOrEqual(next);
            expect(offset).toBeGreaterThanOrEqual(Math.min(first, expected));
            if (table === "bronze" && expected <= next) expect(offset).toBeGreaterThanOrEqual(Math.min(has, expected));
          }
        },
      ),
    );
  });
});

describe("a replay", () => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld();
    return () => world[Symbol.asyncDispose]();
  });

  const versions = async (): Promise<number[]> =>
    Promise.all(
      (["silver_events_ratings", "bronze_events_ratings_raw"] as const).map(
        async (name) => (await snapshotOf(world, name)).version,
      ),
    );

  test("of everything reads each record again and changes no table that has them all", async () => {
    await send(world.log, mixedStream(400, 21, Date.now(), FEW).records);
    await drain(world);
    const before = await readTable(world, "silver_events_ratings");
    const plan = await replayEvents(world, EARLIEST);
    const { next } = await world.log.offsets([RATINGS]);
    expect(plan.filter(({ topic }) => topic === RATINGS)).toEqual(
      [0, 1, 2].map((partition) => ({
        topic: RATINGS,
        partition,
        from: 0,
        next: next.get(`${RATINGS}/${partition}`),
        wasAhead: false,
        moves: [expect.objectContaining({ table: "silver_events_ratings", offset: 0 })],
      })),
    );
    await drain(world);
    await expectEverythingOnce(world);
    expect(await readTable(world, "silver_events_ratings")).toEqual(expect.arrayContaining(before));
  });

  test("brings back what a restore of either table has taken away, once", async () => {
    await send(world.log, mixedStream(200, 22, Date.now(), FEW).records);
    await drain(world);
    const [silver, bronze] = await versions();
    await send(world.log, mixedStream(200, 23, Date.now(), FEW).records);
    await drain(world);
    await (await openLakeTable(world, "silver_events_ratings")).restore({ version: silver! });
    await (await openLakeTable(world, "bronze_events_ratings_raw")).restore({ version: bronze! });
    await drain(world);
    await expect(expectEverythingOnce(world)).rejects.toThrow();
    await replayEvents(world, EARLIEST);
    await drain(world);
    await expectEverythingOnce(world);
  });

  test("after a fix replaces the rows that the same records have now", async () => {
    await send(world.log, [sent("rating", rating(1)), sent("rating", rating(2))]);
    await drain(world);
    const table = await openLakeTable(world, "silver_events_ratings");
    await table.update({ set: { rating: { value: 1 } }, where: [{ column: "user_id", op: "=", value: 1 }] });
    await replayEvents(world, EARLIEST);
    await drain(world);
    await expectEverythingOnce(world);
  });

  test("beside a running consumer makes it read again by itself, also when nothing comes in", async () => {
    let now = Date.now();
    const consumer = await startConsumer({ ...world, clock: () => now });
    await send(world.log, mixedStream(200, 24, Date.now(), FEW).records);
    await consumer.flush();
    const [silver, bronze] = await versions();
    await (await openLakeTable(world, "silver_events_ratings")).restore({ version: silver! - 1 });
    await (await openLakeTable(world, "bronze_events_ratings_raw")).restore({ version: bronze! - 1 });
    expect(await readTable(world, "silver_events_ratings")).toEqual([]);
    await replayEvents(world, EARLIEST);
    now += 60_000;
    await expect
      .poll(async () => (await consumer.flush(), readTable(world, "silver_events_ratings")), { timeout: 10_000 })
      .not.toEqual([]);
    await consumer.stop();
    await expectEverythingOnce(world);
  });

  test("beside a consumer that is writing loses and repeats nothing", async () => {
    const consumer = await startConsumer(world, { flushRows: 40 });
    const { records } = mixedStream(900, 25, Date.now(), FEW);
    for (let from = 0; from < records.length; from += 150) {
      await send(world.log, records.slice(from, from + 150));
      await replayEvents(world, EARLIEST);
    }
    await consumer.flush();
    await consumer.stop();
    await drain(world);
    await expectEverythingOnce(world);
  });

  test("sees no table ahead of the log that has only grown meanwhile", async () => {
    await send(world.log, [sent("rating", rating(1))]);
    await drain(world);
    let grows = true;
    const growing = new Proxy(world.log, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (name !== "offsets") return typeof value === "function" ? value.bind(target) : value;
        return async (topics: string[]) => {
          const offsets = await world.log.offsets(topics);
          if (grows && topics.includes(RATINGS)) {
            grows = false;
            await send(world.log, [sent("rating", rating(1)), sent("rating", rating(1))]);
            await drain(world);
          }
          return offsets;
        };
      },
    });
    const plan = await replayEvents({ ...world, log: growing }, EARLIEST);
    expect(grows).toBe(false);
    expect(plan.some(({ wasAhead }) => wasAhead)).toBe(false);
    await drain(world);
    await expectEverythingOnce(world);
    grows = true;
    await drain({ ...world, log: growing });
    await expectEverythingOnce(world);
  });

  test("that fails between the tables is simply made again", async () => {
    await send(world.log, [sent("rating", rating(1)), sent("rating", rating(2))]);
    await drain(world);
    for (const name of ["silver_events_ratings", "bronze_events_ratings_raw"] as const)
      await (await openLakeTable(world, name)).restore({ version: 0 });
    const isBronzeCommit = (method: string, [key]: readonly unknown[]): boolean =>
      method === "putIfAbsent" && String(key).includes("bronze_events_ratings_raw/_delta_log");
    const store = faulty(world.store, {
      before: (method, args) => (isBronzeCommit(method, args) ? new Error("died") : undefined),
    });
    await expect(replayEvents({ ...world, store }, EARLIEST)).rejects.toThrow("died");
    await replayEvents(world, EARLIEST);
    await drain(world);
    await expectEverythingOnce(world);
  });

  test("from a time, an offset, or the end; of a topic, of a partition", async () => {
    let now = 0;
    await using log = await openEventLog("memory:", { now: () => now });
    await log.createTopics(allTopics());
    for (now = 1_000; now <= 10_000; now += 1_000)
      await send(log, [sent("rating", rating(1)), sent("view", rating(1))]);
    const own = { ...world, log };
    await drain(own);
    const from = async (start: ReplayStart, topics: EventTopic[] = [RATINGS]): Promise<number[]> =>
      (await planReplay(own, { from: start, topics })).filter(({ next }) => next > 0).map((each) => each.from);
    expect(await from("earliest")).toEqual([0]);
    expect(await from("latest")).toEqual([10]);
    expect(await from({ offset: 7 })).toEqual([7]);
    expect(await from({ offset: 700 })).toEqual([10]);
    expect(await from({ timestamp: 4_000 })).toEqual([3]);
    expect(await from({ timestamp: 4_001 })).toEqual([4]);
    expect(await from({ timestamp: 0 })).toEqual([0]);
    expect(await from({ timestamp: 99_000 })).toEqual([10]);
    expect(await from("earliest", [RATINGS, TOPICS.view])).toEqual([0, 0]);
    const [only, ...more] = await planReplay(own, { ...ALL, topics: [RATINGS], from: "earliest", partition: 2 });
    expect([only!.partition, more]).toEqual([2, []]);
    await expect(planReplay(own, { ...ALL, from: "earliest", partition: 3 })).rejects.toMatchObject({
      code: "topic_unknown",
    });
  });

  test("a plan writes nothing", async () => {
    await send(world.log, mixedStream(50, 27, Date.now(), FEW).records);
    await drain(world);
    const before = await versions();
    expect((await planReplay(world, EARLIEST)).flatMap(({ moves }) => moves).length).toBeGreaterThan(0);
    expect(await versions()).toEqual(before);
  });

  test("of tables that are not there is nothing to do, and makes none", async () => {
    await send(world.log, [sent("rating", rating(1))]);
    expect((await replayEvents(world, EARLIEST)).flatMap(({ moves }) => moves)).toEqual([]);
    expect(await Array.fromAsync(world.store.list(""))).toEqual([]);
  });
});
