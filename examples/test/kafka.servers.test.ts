import { randomUUID } from "node:crypto";
import { allTopics, validateEvent } from "@cinelake/contracts";
import { openEventLog, partitionOf, type EventLog, type LogRecord } from "@cinelake/event_log";
import { startKafkaBroker, type KafkaBroker } from "@cinelake/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startProgram } from "./support/program.ts";

const PRODUCER = "examples/kafka_producer/main.ts";
const CONSUMER = "examples/kafka_consumer/main.ts";

let kafka: KafkaBroker;
let log: EventLog;
beforeAll(async () => {
  kafka = await startKafkaBroker();
  log = await openEventLog(kafka.url);
  await log.createTopics(allTopics());
});
afterAll(async () => {
  await log[Symbol.asyncDispose]();
  await kafka[Symbol.asyncDispose]();
});

const env = (): Record<string, string> => ({ KAFKA_BOOTSTRAP_SERVERS: kafka.brokers });

async function recordsOf(topic: string): Promise<LogRecord[]> {
  const { first, next } = await log.offsets([topic]);
  const partitions = [...first].map(async ([key, offset]) => {
    const [end, partition] = [next.get(key)!, Number(key.split("/")[1])];
    return end > offset ? await log.read({ topic, partition, offset }, { maxRecords: 10_000 }) : [];
  });
  return (await Promise.all(partitions)).flat();
}

test("the producer's events are valid, and lie in the partition that Cinelake would have chosen for their user", async () => {
  await using producer = startProgram(PRODUCER, ["250"], env());
  expect(await producer.ended(), producer.output()).toBe(0);
  expect(producer.output()).toContain("250 views sent");
  const records = await recordsOf("events_views");
  expect(records).toHaveLength(250);
  const checked = records.map(({ value }) =>
    validateEvent(JSON.parse(Buffer.from(value).toString()), { type: "view", now: Date.now() }),
  );
  expect(checked.filter(({ ok }) => !ok)).toEqual([]);
  expect(records.filter(({ key, partition }) => partition !== partitionOf(key, 3))).toEqual([]);
  expect(new Set(records.map(({ partition }) => partition)).size).toBe(3);
});

test("the consumer prints each event once over a restart, and what is no event without ending", async () => {
  const group = `test_${randomUUID()}`;
  const click = (movie: number): string =>
    JSON.stringify({ event_type: "click", event_ts: "2026-01-31T18:00:00Z", user_id: 7, movie_id: movie });
  const append = (value: string) => log.append("events_clicks", [{ key: "7", value: Buffer.from(value) }]);
  await append(click(1));
  {
    await using consumer = startProgram(CONSUMER, [group], env());
    await consumer.prints(/user 7: click of film 1\n/);
    await append("\u0000 no JSON");
    await append(click(2));
    await consumer.prints(/no JSON[^]*user 7: click of film 2\n/);
    expect(await consumer.stop("SIGINT"), consumer.output()).toBe(0);
  }
  await append(click(3));
  await using consumer = startProgram(CONSUMER, [group], env());
  await consumer.prints(/user 7: click of film 3\n/);
  expect(consumer.output()).not.toMatch(/click of film [12]\n/);
});
