import { randomUUID } from "node:crypto";
import { Admin, ConfigResourceTypes } from "@platformatic/kafka";
import { startKafka, type KafkaServer } from "@cinelake/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventLogConformance } from "../src/conformance.ts";
import { openEventLog, partitionOf, type EventLog } from "../src/index.ts";
import { expectEachOnceWhileMembersChange } from "./members.ts";
import { readPartition, valueOf } from "./records.ts";

let kafka: KafkaServer;
beforeAll(async () => {
  kafka = await startKafka();
});
afterAll(() => kafka[Symbol.asyncDispose]());

eventLogConformance("Kafka", async () => {
  const logs: EventLog[] = [];
  const open = async (): Promise<EventLog> => {
    const log = await openEventLog(kafka.url);
    logs.push(log);
    return log;
  };
  return {
    log: await open(),
    reopen: open,
    close: async () => {
      for (const log of logs) await log[Symbol.asyncDispose]();
    },
  };
});

async function newTopic(log: EventLog, partitions = 1): Promise<string> {
  const name = `test_${randomUUID()}`;
  await log.createTopics([{ name, partitions }]);
  return name;
}

test(
  "members come and go: every record is read once, by the one who holds its partition",
  { timeout: 90_000 },
  async () => {
    await using log = await openEventLog(kafka.url);
    await expectEachOnceWhileMembersChange(log, await newTopic(log, 6), { count: 200, pauseMs: 50 });
  },
);

test("a topic has the time at which the broker took a record, and as many copies in sync as can be", async () => {
  await using log = await openEventLog(kafka.url);
  const topic = await newTopic(log, 2);
  const admin = new Admin({ clientId: "test", bootstrapBrokers: kafka.brokers.split(",") });
  try {
    const [described] = await admin.describeConfigs({
      resources: [{ resourceType: ConfigResourceTypes.TOPIC, resourceName: topic }],
    });
    const settings = new Map(described!.configs.map(({ name, value }) => [name, value]));
    expect(settings.get("message.timestamp.type")).toBe("LogAppendTime");
    const { brokers } = await admin.metadata({ topics: [topic] });
    const replicas = Math.min(3, brokers.size);
    expect(settings.get("min.insync.replicas")).toBe(String(Math.max(1, replicas - 1)));
  } finally {
    await admin.close();
  }
});

test("records that the broker has dropped are out of range, and a group that had not read them goes on after them", async () => {
  await using log = await openEventLog(kafka.url);
  const topic = await newTopic(log);
  const append = (text: string): Promise<unknown> => log.append(topic, [{ key: "k", value: Buffer.from(text) }]);
  for (let index = 0; index < 10; index++) await append(String(index));
  {
    await using early = await log.consumer({ group: topic, topics: [topic] });
    expect(await early.poll({ maxRecords: 2, maxWaitMs: 20_000 })).toHaveLength(2);
    await early.commit(new Map([[`${topic}/0`, 2]]));
  }
  const admin = new Admin({ clientId: "test", bootstrapBrokers: kafka.brokers.split(",") });
  await admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: 6n }] }] });
  await admin.close();
  expect(await log.offsets([topic])).toEqual({
    first: new Map([[`${topic}/0`, 6]]),
    next: new Map([[`${topic}/0`, 10]]),
  });
  await expect(log.read({ topic, partition: 0, offset: 5 }, { maxRecords: 1 })).rejects.toMatchObject({
    code: "log_offset_out_of_range",
    message: expect.stringContaining("no longer kept"),
  });
  await using late = await log.consumer({ group: topic, topics: [topic] });
  const [record] = await late.poll({ maxRecords: 1, maxWaitMs: 20_000 });
  expect(record).toMatchObject({ offset: 6, value: Buffer.from("6") });
  await using chosen = await log.consumer({
    group: `${topic}_chosen`,
    topics: [topic],
    onAssigned: async () => new Map([[`${topic}/0`, 1]]),
  });
  await expect(chosen.poll({ maxRecords: 1, maxWaitMs: 20_000 })).rejects.toMatchObject({
    code: "log_offset_out_of_range",
  });
});

test("committed offsets are what Kafka's own tools report lag from", async () => {
  await using log = await openEventLog(kafka.url);
  const topic = await newTopic(log);
  await log.append(
    topic,
    Array.from({ length: 8 }, () => ({ key: "k", value: new Uint8Array(3) })),
  );
  await using consumer = await log.consumer({ group: topic, topics: [topic] });
  expect(await consumer.poll({ maxRecords: 5, maxWaitMs: 20_000 })).toHaveLength(5);
  await consumer.commit(new Map([[`${topic}/0`, 5]]));
  const report = await kafka.tool("consumer.group.ConsumerGroupCommand", ["--describe", "--group", topic]);
  const [group, of, partition, current, end, lag] = report.split("\n").at(-2)!.trim().split(/\s+/);
  expect([group, of, partition, current, end, lag]).toEqual([topic, topic, "0", "5", "8", "3"]);
});

test(
  "records of Kafka's own producer are read, whatever compresses them and with keys and headers left out",
  { timeout: 90_000 },
  async () => {
    await using log = await openEventLog(kafka.url);
    const topic = await newTopic(log);
    const lines = Array.from(
      { length: 200 },
      (_, index) => `h:${index}\tkey ${index % 7}\tvalue ${index} ${"x".repeat(50)}`,
    );
    const properties = ["parse.headers=true", "parse.key=true", "null.marker=NULL"].flatMap((each) => [
      "--reader-property",
      each,
    ]);
    const codecs = ["gzip", "snappy", "lz4", "zstd"];
    for (const codec of codecs) {
      const input = [...lines, "NULL\tNULL\tNULL"].join("\n");
      await kafka.tool(
        "ConsoleProducer",
        ["--topic", topic, "--compression-codec", codec, ...properties],
        `${input}\n`,
      );
    }
    const records = await readPartition(log, topic);
    expect(records).toHaveLength(codecs.length * 201);
    for (const [index, record] of records.entries()) {
      const at = index % 201;
      expect(record.offset).toBe(index);
      const expected =
        at === 200 ? ["", "", undefined] : [`key ${at % 7}`, `value ${at} ${"x".repeat(50)}`, String(at)];
      expect([record.key, valueOf(record), record.headers.h]).toEqual(expected);
    }
  },
);

test("records up to the limit are taken, many at once, and larger ones refused before they are sent", async () => {
  await using log = await openEventLog(kafka.url);
  const topic = await newTopic(log);
  const largest = { key: "", value: Buffer.alloc(1_000_000 - 6, "x") };
  const many = Array.from({ length: 20 }, (_, index) => ({ key: "k", value: Buffer.alloc(300_000, index) }));
  const places = await Promise.all([log.append(topic, [largest]), log.append(topic, many)]);
  expect(places.flat().map(({ offset }) => offset)).toEqual(Array.from({ length: 21 }, (_, offset) => offset));
  await expect(log.append(topic, [{ key: "k", value: Buffer.alloc(1_000_000) }])).rejects.toMatchObject({
    code: "payload_too_large",
  });
  const sizes = (await readPartition(log, topic)).map(({ value }) => value.length);
  expect(sizes).toEqual([999_994, ...many.map(() => 300_000)]);
});

test("closing lets appends finish and work settle, ends what waits and refuses what comes later", async () => {
  const log = await openEventLog(kafka.url);
  const topic = await newTopic(log, 2);
  const closed = { code: "log_unavailable" };
  const waiting = expect(
    log.read({ topic, partition: 1 - partitionOf("b", 2), offset: 0 }, { maxRecords: 1, maxWaitMs: 60_000 }),
  ).rejects.toMatchObject(closed);
  let revoked = 0;
  const consumer = await log.consumer({
    group: topic,
    topics: [topic],
    onRevoked: async (lost) => void (revoked += lost.length),
  });
  await expect.poll(() => consumer.assignment().length, { timeout: 20_000 }).toBe(2);
  const poll = consumer.poll({ maxRecords: 1, maxWaitMs: 60_000 });
  const appending = log.append(
    topic,
    Array.from({ length: 3000 }, (_, index) => ({ key: "b", value: Buffer.from(String(index)) })),
  );
  await Promise.resolve();
  const closing = log[Symbol.asyncDispose]();
  const places = await appending;
  await closing;
  await poll;
  await waiting;
  expect(revoked).toBe(2);
  await expect(log.append(topic, [])).rejects.toMatchObject(closed);
  await expect(log.topics()).rejects.toMatchObject(closed);
  await expect(log.consumer({ group: "g", topics: [topic] })).rejects.toMatchObject(closed);
  await expect(consumer.poll({ maxRecords: 1, maxWaitMs: 0 })).rejects.toMatchObject(closed);
  await using again = await openEventLog(kafka.url);
  expect(await readPartition(again, topic, places[0]!.partition)).toHaveLength(3000);
});
