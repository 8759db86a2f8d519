import { allTopics, EVENT_TOPICS, TOPICS } from "@cinelake/contracts";
import { openEventLog, type EventLog } from "@cinelake/event_log";
import { openLakeTable } from "@cinelake/lake";
import { startKafkaBroker, type KafkaBroker } from "@cinelake/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { redriveDeadLetters, replayEvents } from "../src/index.ts";
import { mixedStream, send, sent } from "./events.ts";
import { expectEverythingOnce } from "./expectations.ts";
import { deadLetters, drain, openWorld, readTable, readTopicRecords, snapshotOf, startConsumer } from "./world.ts";

const FEW = ["view", "rating"] as const;
const EARLIEST = { topics: EVENT_TOPICS, from: "earliest" } as const;
const MINUTES = 120_000;

let kafka: KafkaBroker;
beforeAll(async () => {
  kafka = await startKafkaBroker();
});
afterAll(() => kafka[Symbol.asyncDispose]());

async function openTopics(): Promise<EventLog> {
  const log = await openEventLog(kafka.url);
  await log.createTopics(allTopics());
  return log;
}

test(
  "on Kafka: a replay beside a member of the group loses and repeats nothing, dead letters are redriven once, and topics made anew are taken over",
  async () => {
    await using world = await openWorld();
    {
      await using log = await openTopics();
      const own = { ...world, log };
      const consumer = await startConsumer(own, { flushRows: 100, group: "replayed" });
      await send(log, mixedStream(300, 31, Date.now(), FEW).records);
      await consumer.flush();
      const { version } = await snapshotOf(world, "silver_events_ratings");
      await send(log, mixedStream(300, 32, Date.now(), FEW).records);
      await consumer.flush();
      await (await openLakeTable(world, "silver_events_ratings")).restore({ version });
      await replayEvents(own, EARLIEST);
      await send(log, mixedStream(100, 33, Date.now(), FEW).records);
      await consumer.flush();
      await expectEverythingOnce(own);

      const letters = (await deadLetters(log)).length;
      const { fates } = await redriveDeadLetters({ log }, { maxAttempts: 2 });
      expect(fates).toMatchObject({ redriven: letters, redriven_already: 0, not_possible: 0 });
      await consumer.flush();
      await consumer.stop();
      await expectEverythingOnce(own);
      expect((await redriveDeadLetters({ log }, { maxAttempts: 2 })).fates).toEqual({
        redriven: 0,
        redriven_already: letters,
        attempts_used_up: letters,
        not_possible: 0,
      });
    }
    const before = await readTable(world, "bronze_events_ratings_raw");

    for (const topic of EVENT_TOPICS) await kafka.tool("TopicCommand", ["--delete", "--topic", topic]);
    await using log = await openTopics();
    const own = { ...world, log };
    const event = { event_id: crypto.randomUUID(), event_ts: new Date().toISOString(), movie_id: 1, rating: 3 };
    await send(log, [sent("rating", { ...event, user_id: 9001 })]);
    await expect(drain(own)).rejects.toMatchObject({ code: "table_ahead_of_log" });
    await replayEvents(own, EARLIEST);
    await drain(own, { group: "replayed" });
    expect(await readTopicRecords(log, TOPICS.rating)).toHaveLength(1);
    expect(await readTable(world, "bronze_events_ratings_raw")).toHaveLength(before.length + 1);
    const users = (await readTable(world, "silver_events_ratings")).map((row) => Number(row["user_id"]));
    expect(users.filter((user) => user === 9001)).toHaveLength(1);
  },
  MINUTES,
);
