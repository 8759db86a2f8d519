import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startKafkaBroker, type KafkaBroker } from "@cinelake/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openEventLog, partitionKey, tailLog, type EventLog, type LogRecord } from "../src/index.ts";
import { expectRecordsToSurviveKills } from "./kills.ts";
import { readPartition, valueOf } from "./records.ts";

const MINUTES = { timeout: 90_000 };
const AWAY = { code: "log_unavailable" };

let kafka: KafkaBroker;
beforeAll(async () => {
  kafka = await startKafkaBroker();
});
afterAll(() => kafka[Symbol.asyncDispose]());

/** Milliseconds until the call has failed because the log is away. */
async function failing(call: Promise<unknown>): Promise<number> {
  const began = performance.now();
  await expect(call).rejects.toMatchObject(AWAY);
  return performance.now() - began;
}

/** Appends `1`, `2`, ... to one partition of each of two keys until stopped, and each again until it is acknowledged. */
function keepAppending(log: EventLog, topic: string): { acknowledged(): number; stop(): Promise<Written> } {
  const written: Written = { acknowledged: new Map(), refused: new Set() };
  const over = new AbortController();
  const write = async (key: string): Promise<void> => {
    for (let count = 1; !over.signal.aborted;) {
      const value = `${key}-${count}`;
      try {
        const [place] = await log.append(topic, [{ key, value: Buffer.from(value) }]);
        written.acknowledged.set(`${partitionKey(place!)}/${place!.offset}`, value);
        count++;
      } catch (error) {
        expect(error).toMatchObject(AWAY);
        written.refused.add(value);
      }
      await sleep(2);
    }
  };
  const writing = Promise.all(["a", "b", "c"].map(write));
  return {
    acknowledged: () => written.acknowledged.size,
    async stop() {
      over.abort();
      await writing;
      return written;
    },
  };
}

interface Written {
  readonly acknowledged: Map<string, string>;
  /** Values of which an append has failed; they may be there more than once. */
  readonly refused: Set<string>;
}

function expectAllThere({ acknowledged, refused }: Written, records: readonly LogRecord[]): void {
  const stored = new Map(records.map((record) => [`${partitionKey(record)}/${record.offset}`, valueOf(record)]));
  for (const [place, value] of acknowledged) expect(stored.get(place), place).toBe(value);
  const copies = Map.groupBy(stored.values(), (value) => value);
  for (const [value, { length }] of copies) if (!refused.has(value)) expect(length, value).toBe(1);
}

async function readTopic(log: EventLog, topic: string): Promise<LogRecord[]> {
  const partitions = (await log.topics()).get(topic) ?? 0;
  return (await Promise.all(Array.from({ length: partitions }, (_, each) => readPartition(log, topic, each)))).flat();
}

test(
  "a process that appends is killed: what was acknowledged is there once, in order and at its offset",
  MINUTES,
  async () => {
    await expectRecordsToSurviveKills(kafka.url, 4);
  },
);

test("a member that is killed is missed, and all after its last commit is read by another", MINUTES, async () => {
  await using log = await openEventLog(kafka.url);
  await log.createTopics([{ name: "t", partitions: 2 }]);
  await log.append(
    "t",
    Array.from({ length: 40 }, (_, index) => ({ key: String(index), value: new Uint8Array(1) })),
  );
  const child = fileURLToPath(new URL("./children/consume_until_killed.ts", import.meta.url));
  const reader = spawn(process.execPath, [child, kafka.url], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(reader, "exit");
  const seen = new Set<string>();
  for await (const line of createInterface(reader.stdout)) if (seen.add(line).size === 5) reader.kill("SIGKILL");
  await exited;
  expect(seen.size).toBeGreaterThanOrEqual(5);
  const { first, next } = await log.offsets(["t"]);
  const committed = await log.committed("killed", ["t"]);
  expect(committed.size).toBeGreaterThan(0);
  await using other = await log.consumer({ group: "killed", topics: ["t"] });
  const expected = [...next].flatMap(([key, end]) => {
    const start = committed.get(key) ?? first.get(key)!;
    return Array.from({ length: end - start }, (_, index) => `${key}/${start + index}`);
  });
  const got: string[] = [];
  for (const deadline = Date.now() + 60_000; got.length < expected.length && Date.now() < deadline;) {
    for (const each of await other.poll({ maxRecords: 100, maxWaitMs: 500 }))
      got.push(`${partitionKey(each)}/${each.offset}`);
  }
  expect(got.toSorted()).toEqual(expected.toSorted());
});

test(
  "a broker that is killed and starts again in the middle: nothing acknowledged is lost or there twice, readers go on",
  MINUTES,
  async () => {
    await using log = await openEventLog(kafka.url);
    await log.createTopics([{ name: "restart", partitions: 3 }]);
    const writer = keepAppending(log, "restart");
    const polled: LogRecord[] = [];
    const tailed: LogRecord[] = [];
    const stop = new AbortController();
    const consume = async (): Promise<void> => {
      await using consumer = await log.consumer({ group: "restart", topics: ["restart"] });
      while (!stop.signal.aborted) {
        const records = await consumer.poll({ maxRecords: 100, maxWaitMs: 200 }).catch((error: unknown) => {
          expect(error).toMatchObject(AWAY);
          return [];
        });
        polled.push(...records);
      }
    };
    const tail = async (): Promise<void> => {
      const from = new Map<string, number>();
      const onRecords = async (records: LogRecord[]): Promise<void> => {
        tailed.push(...records);
        for (const each of records) from.set(partitionKey(each), each.offset + 1);
      };
      while (!stop.signal.aborted) {
        await tailLog(log, { topics: ["restart"], from, onRecords, signal: stop.signal }).catch((error: unknown) =>
          expect(error).toMatchObject(AWAY),
        );
      }
    };
    const reading = Promise.all([consume(), tail()]);
    await expect.poll(() => polled.length, { timeout: 20_000 }).toBeGreaterThan(20);
    for (const hard of [true, false]) {
      await kafka.stop(hard);
      await failing(log.topics());
      await kafka.start();
      const before = polled.length;
      await expect.poll(() => polled.length, { timeout: 30_000 }).toBeGreaterThan(before + 20);
    }
    const written = await writer.stop();
    const stored = await readTopic(log, "restart");
    expectAllThere(written, stored);
    for (const read of [polled, tailed]) {
      await expect.poll(() => read.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(stored.length);
      for (const [key, records] of Map.groupBy(read, partitionKey)) {
        expect(
          records.map(({ offset }) => offset),
          `each record of ${key} once, in order`,
        ).toEqual(records.map((_, index) => index));
      }
    }
    stop.abort();
    await reading;
  },
);

test(
  "a broker that is frozen: calls fail soon, memory stays bounded, and all goes on when it is back",
  MINUTES,
  async () => {
    await using log = await openEventLog(kafka.url);
    await log.createTopics([{ name: "frozen", partitions: 2 }]);
    const writer = keepAppending(log, "frozen");
    await using consumer = await log.consumer({ group: "frozen", topics: ["frozen"] });
    const polled: LogRecord[] = [];
    const poll = async (): Promise<void> =>
      void polled.push(...(await consumer.poll({ maxRecords: 1000, maxWaitMs: 20_000 })));
    await poll();
    await kafka.freeze();
    const times = await Promise.all([
      failing(log.append("frozen", [{ key: "a", value: Buffer.from("lost?") }])),
      failing(log.read({ topic: "frozen", partition: 0, offset: 0 }, { maxRecords: 1 })),
      failing(log.topics()),
      failing(log.state()),
      failing(log.offsets(["frozen"])),
      failing(log.committed("frozen", ["frozen"])),
    ]);
    expect(Math.max(...times)).toBeLessThan(4000);
    const big = Buffer.alloc(900_000);
    const refusals = await Promise.allSettled(
      Array.from({ length: 100 }, () => log.append("frozen", [{ key: "a", value: big }])),
    );
    const reasons = refusals.map((each) => (each.status === "rejected" ? String(each.reason) : "stored"));
    expect(reasons.filter((each) => each.includes("bytes wait to be sent")).length).toBeGreaterThan(20);
    expect(reasons).not.toContain("stored");
    await kafka.thaw();
    const before = writer.acknowledged();
    await expect.poll(writer.acknowledged, { timeout: 30_000 }).toBeGreaterThan(before + 10);
    const written = await writer.stop();
    const stored = await readTopic(log, "frozen");
    written.refused.add("lost?");
    expectAllThere(
      written,
      stored.filter(({ value }) => value.length < 1000),
    );
    expect(stored.filter(({ value }) => value.length >= 1000)).toHaveLength(0);
    while (polled.length < stored.length) await poll().catch((error: unknown) => expect(error).toMatchObject(AWAY));
    for (const records of Map.groupBy(polled, partitionKey).values()) {
      expect(records.map(({ offset }) => offset)).toEqual(records.map((_, index) => index));
    }
  },
);

test(
  "a log whose broker is away from the beginning works once it is there, and closes while it is not",
  MINUTES,
  async () => {
    await kafka.stop();
    await using log = await openEventLog(kafka.url);
    const times = await Promise.all([
      failing(log.createTopics([{ name: "late", partitions: 1 }])),
      failing(log.append("late", [])),
    ]);
    expect(Math.max(...times)).toBeLessThan(4000);
    {
      await using other = await openEventLog(kafka.url);
      await failing(other.consumer({ group: "late", topics: ["late"] }));
    }
    await kafka.start();
    await log.createTopics([{ name: "late", partitions: 1 }]);
    await log.append("late", [{ key: "k", value: Buffer.from("there") }]);
    expect((await readPartition(log, "late")).map(valueOf)).toEqual(["there"]);

    await using consumer = await log.consumer({ group: "late", topics: ["late"] });
    expect(await consumer.poll({ maxRecords: 1, maxWaitMs: 20_000 })).toHaveLength(1);
    await kafka.freeze();
    await failing(log.append("late", [{ key: "k", value: Buffer.from("gone") }]));
    await log[Symbol.asyncDispose]();
    await kafka.thaw();
  },
);
