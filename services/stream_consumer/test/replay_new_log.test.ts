import { allTopics, EVENT_TOPICS, TOPICS } from "@cinelake/contracts";
import { openEventLog, type EventLog } from "@cinelake/event_log";
import { beforeEach, describe, expect, test } from "vitest";
import { replayEvents } from "../src/index.ts";
import { rating, send, sent } from "./events.ts";
import { drain, openWorld, readTable, readTopicRecords, type World } from "./world.ts";

const RATINGS = TOPICS.rating;
const ALL = { topics: EVENT_TOPICS };
const EARLIEST = { ...ALL, from: "earliest" } as const;

describe("a log that was made anew", () => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld();
    return () => world[Symbol.asyncDispose]();
  });

  async function anotherLog(): Promise<EventLog> {
    const log = await openEventLog("memory:");
    await log.createTopics(allTopics());
    return log;
  }

  const bronzeKeys = async (): Promise<string[]> =>
    (await readTable(world, "bronze_events_ratings_raw"))
      .map((row) => `${row["partition"]}/${row["offset"]} ${row["value"]}`)
      .toSorted();
  const keysOf = async (log: EventLog): Promise<string[]> =>
    (await readTopicRecords(log, RATINGS)).map(
      (record) => `${record.partition}/${record.offset} ${Buffer.from(record.value).toString()}`,
    );

  test.each([
    { grown: "and is shorter than what the tables have read", events: 5 },
    { grown: "and has grown past what the tables have read", events: 60 },
  ])("$grown: after a replay from earliest the tables have both logs' records, each once", async ({ events }) => {
    await send(
      world.log,
      Array.from({ length: 30 }, (_, user) => sent("rating", rating(user + 1))),
    );
    await drain(world);
    await using log = await anotherLog();
    const renewed = { ...world, log };
    await new Promise((resolve) => setTimeout(resolve, 2)); // the logs' times differ
    await send(
      log,
      Array.from({ length: events }, (_, user) => sent("rating", rating(user + 101))),
    );
    if (events < 30) {
      await expect(drain(renewed)).rejects.toMatchObject({
        code: "table_ahead_of_log",
        message: expect.stringContaining("./cinelake events replay --from earliest"),
      });
    }
    const plan = await replayEvents(renewed, EARLIEST);
    expect(plan.some(({ wasAhead }) => wasAhead)).toBe(events < 30);
    for (const again of [false, true]) {
      if (again) await replayEvents(renewed, EARLIEST);
      await drain(renewed);
      expect(await bronzeKeys()).toEqual([...(await keysOf(world.log)), ...(await keysOf(log))].toSorted());
      const users = (await readTable(world, "silver_events_ratings")).map((row) => Number(row["user_id"]));
      expect(users.toSorted((a, b) => a - b)).toEqual([
        ...Array.from({ length: 30 }, (_, user) => user + 1),
        ...Array.from({ length: events }, (_, user) => user + 101),
      ]);
    }
  });

  test("from an older backup: the records that both have are not there twice, the new ones are all there", async () => {
    let now = 1_000;
    await using old = await openEventLog("memory:", { now: () => now });
    await using restored = await openEventLog("memory:", { now: () => now });
    const shared = Array.from({ length: 20 }, (_, user) => sent("rating", rating(user + 1)));
    for (const log of [old, restored]) {
      await log.createTopics(allTopics());
      await send(log, shared);
    }
    now = 2_000;
    await send(
      old,
      Array.from({ length: 20 }, (_, user) => sent("rating", rating(user + 101))),
    );
    await drain({ ...world, log: old });
    now = 3_000;
    await send(
      restored,
      Array.from({ length: 8 }, (_, user) => sent("rating", rating(user + 201))),
    );
    const renewed = { ...world, log: restored };
    await expect(drain(renewed)).rejects.toMatchObject({ code: "table_ahead_of_log" });
    await replayEvents(renewed, EARLIEST);
    await drain(renewed);
    const both = new Set([...(await keysOf(old)), ...(await keysOf(restored))]);
    expect(both.size).toBe(48);
    expect(await bronzeKeys()).toEqual([...both].toSorted());
  });

  test("latest leaves out what the new log has by now", async () => {
    await send(
      world.log,
      Array.from({ length: 30 }, (_, user) => sent("rating", rating(user + 1))),
    );
    await drain(world);
    await using log = await anotherLog();
    const renewed = { ...world, log };
    await send(
      log,
      Array.from({ length: 5 }, (_, user) => sent("rating", rating(user + 101))),
    );
    await replayEvents(renewed, { ...ALL, from: "latest" });
    await send(log, [sent("rating", rating(201))]);
    await drain(renewed);
    const users = (await readTable(world, "silver_events_ratings")).map((row) => Number(row["user_id"]));
    expect(Math.max(...users)).toBe(201);
    expect(users.filter((user) => user > 100 && user < 200)).toEqual([]);
    expect(users).toHaveLength(31);
  });
});
