import { randomUUID } from "node:crypto";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  partitionKey,
  type Consumer,
  type EventLog,
  type LogRecord,
  type NewRecord,
  type TopicPartition,
} from "./event_log.ts";
import { partitionOf } from "./partitioner.ts";
import { tailLog } from "./tail.ts";

/** A log under test. `reopen` opens it again over the same data, as after a crash; the one before is not used any more. */
export interface LogUnderTest {
  readonly log: EventLog;
  readonly reopen?: () => Promise<EventLog>;
  readonly close: () => Promise<void>;
}

/** Longest time an adapter may take for what is only promised to happen at some time. */
const PATIENCE_MS = 20_000;
const PARTITIONS = 3;

/**
 * Holds an adapter to the guarantees of `EventLog`: one test for each, of the same name. Other topics and groups may be there; each
 * test makes its own.
 */
export function eventLogConformance(name: string, open: () => Promise<LogUnderTest>): void {
  describe(`event log conformance: ${name}`, { timeout: 3 * PATIENCE_MS }, () => {
    let opened: LogUnderTest;
    let log: EventLog;
    let topic: string;
    let group: string;
    beforeEach(async () => {
      opened = await open();
      log = opened.log;
      topic = `conformance_${randomUUID()}`;
      group = `group_${randomUUID()}`;
      await log.createTopics([{ name: topic, partitions: PARTITIONS }]);
    });
    afterEach(() => opened.close());

    const consume = (member: Partial<Parameters<EventLog["consumer"]>[0]> = {}): Promise<Consumer> =>
      log.consumer({ group, topics: [topic], ...member });

    test("append_is_durable", async () => {
      const appended = await Promise.all(numbered(20).map((record) => log.append(topic, [record])));
      if (opened.reopen) log = await opened.reopen();
      expect((await readAll(log, topic)).map(placeOf).sort()).toEqual(appended.flat().map(placeOf).sort());
    });

    test("append_is_all_or_error", async () => {
      const records = numbered(50);
      const appended = await log.append(topic, records);
      expect(appended).toHaveLength(50);
      const stored = new Map((await readAll(log, topic)).map((record) => [placeOf(record), record]));
      for (const [index, place] of appended.entries()) {
        expect(text(stored.get(placeOf(place))!)).toBe(textOf(records[index]!.value));
      }
      expect(stored.size).toBe(50);
      expect(await log.append(topic, [])).toEqual([]);
    });

    test("order_within_a_key", async () => {
      for (let round = 0; round < 10; round++) {
        await log.append(
          topic,
          ["a", "b", "c", "a"].map((key, place) => record(key, `${round}.${place}`)),
        );
      }
      const all = await readAll(log, topic);
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const offsets = all.filter((each) => each.partition === partition).map(({ offset }) => offset);
        expect(offsets).toEqual(offsets.map((_, index) => offsets[0]! + index));
      }
      const ofA = all.filter(({ key }) => key === "a").map(text);
      expect(ofA).toEqual(Array.from({ length: 20 }, (_, index) => `${index >> 1}.${index % 2 === 0 ? 0 : 3}`));
    });

    test("key_chooses_the_partition", async () => {
      const keys = ["", "1", "21", "foobar", "\u{1f3ac}", ...Array.from({ length: 40 }, (_, index) => `user-${index}`)];
      for (const { key, partition } of [
        ...(await appendKeys(log, topic, keys)),
        ...(await appendKeys(log, topic, keys)),
      ]) {
        expect(partition, key).toBe(partitionOf(key, PARTITIONS));
      }
    });

    test("read_from_an_offset", async () => {
      const [first] = await log.append(
        topic,
        Array.from({ length: 10 }, (_, index) => record("same", String(index))),
      );
      const at = first!;
      for (let skipped = 0; skipped <= 10; skipped++) {
        const records = await log.read(
          { ...at, offset: at.offset + skipped },
          { maxRecords: 4, maxWaitMs: skipped < 10 ? 2000 : 0 },
        );
        expect(records.length).toBeLessThanOrEqual(4);
        expect(records.length > 0).toBe(skipped < 10);
        expect(records.map(text)).toEqual(records.map((_, index) => String(skipped + index)));
      }
      expect((await log.read(at, { maxRecords: 10, maxBytes: 1, maxWaitMs: 2000 })).length).toBeGreaterThan(0);

      const end = { ...at, offset: at.offset + 10 };
      const waiting = log.read(end, { maxRecords: 10, maxWaitMs: PATIENCE_MS });
      await log.append(topic, [record("same", "late")]);
      expect((await waiting).map(text)).toEqual(["late"]);
      const began = performance.now();
      const signal = AbortSignal.timeout(50);
      expect(
        await log.read({ ...end, offset: end.offset + 1 }, { maxRecords: 1, maxWaitMs: PATIENCE_MS, signal }),
      ).toEqual([]);
      expect(performance.now() - began).toBeLessThan(PATIENCE_MS / 2);
    });

    test("offsets_out_of_range_fail", async () => {
      const [at] = await log.append(topic, [record("key", "value")]);
      const outside = { code: "log_offset_out_of_range" };
      await expect(log.read({ ...at!, offset: at!.offset + 2 }, { maxRecords: 1 })).rejects.toMatchObject(outside);
      await expect(log.read({ ...at!, offset: -1 }, { maxRecords: 1 })).rejects.toMatchObject(outside);
      const { first, next } = await log.offsets([topic]);
      expect(first.get(partitionKey(at!))).toBe(at!.offset);
      expect(next.get(partitionKey(at!))).toBe(at!.offset + 1);
      expect(next.size).toBe(PARTITIONS);
    });

    test("at_least_once", async () => {
      await log.append(topic, numbered(30));
      const before = await consume();
      const seen = await pollCount(before, 30);
      const half = seen.slice(0, 15);
      await before.commit(nextOffsets(half));
      const committed = await log.committed(group, [topic]);
      expect(committed).toEqual(nextOffsets(half));
      await before[Symbol.asyncDispose]();
      if (opened.reopen) log = await opened.reopen();
      await using after = await consume();
      const rest = seen.filter((each) => each.offset >= (committed.get(partitionKey(each)) ?? 0));
      const again = await pollUntil(after, (records) =>
        rest.every((each) => records.some((other) => isSame(each, other))),
      );
      expect(new Set(again.map(text)).size).toBeLessThanOrEqual(30);
    });

    test("commit_is_explicit", async () => {
      await log.append(topic, numbered(10));
      const before = await consume();
      await pollCount(before, 10);
      await before[Symbol.asyncDispose]();
      expect(await log.committed(group, [topic])).toEqual(new Map());
      await using after = await consume();
      expect(await pollCount(after, 10)).toHaveLength(10);
    });

    test("a_group_shares_partitions", async () => {
      const holder = new Map<string, string>();
      const member = (who: string): ReturnType<typeof consume> =>
        consume({
          onAssigned: async (partitions) => {
            for (const key of partitions.map(partitionKey)) {
              expect(holder.get(key), `${key} is still held when ${who} gets it`).toBeUndefined();
              holder.set(key, who);
            }
            return new Map();
          },
          onRevoked: async (partitions) => {
            await new Promise((resolve) => setTimeout(resolve, 20));
            for (const key of partitions.map(partitionKey)) holder.delete(key);
          },
        });
      const shares = (): string[] => [...holder.values()].sort();
      const a = await member("a");
      const stopA = keepPolling(a);
      await vi.waitFor(() => expect(shares()).toEqual(["a", "a", "a"]), { timeout: PATIENCE_MS });
      const b = await member("b");
      const stopB = keepPolling(b);
      await vi.waitFor(() => expect(new Set(shares())).toEqual(new Set(["a", "b"])), { timeout: PATIENCE_MS });
      await vi.waitFor(() => expect(holder.size).toBe(PARTITIONS), { timeout: PATIENCE_MS });
      expect([...a.assignment(), ...b.assignment()].map(partitionKey).sort()).toEqual([...holder.keys()].sort());
      await stopA();
      await a[Symbol.asyncDispose]();
      await vi.waitFor(() => expect(shares()).toEqual(["b", "b", "b"]), { timeout: PATIENCE_MS });
      await stopB();
      await b[Symbol.asyncDispose]();
      expect(holder.size).toBe(0);
    });

    test("assigned_offsets_win", async () => {
      await log.append(
        topic,
        Array.from({ length: 9 }, (_, index) => record("same", String(index))),
      );
      const mine = { topic, partition: partitionOf("same", PARTITIONS) };
      const { first } = await log.offsets([topic]);
      const chosen = new Map([[partitionKey(mine), first.get(partitionKey(mine))! + 6]]);
      const before = await consume();
      await before.commit(nextOffsets((await pollCount(before, 9)).slice(0, 3)));
      await before[Symbol.asyncDispose]();
      await using after = await consume({ onAssigned: async () => chosen });
      expect((await pollCount(after, 3)).map(text)).toEqual(["6", "7", "8"]);
    });

    test("unknown_topics_fail", async () => {
      const unknown = { code: "topic_unknown" };
      const none = `${topic}_none`;
      await expect(log.append(none, numbered(1))).rejects.toMatchObject(unknown);
      await expect(log.read({ topic: none, partition: 0, offset: 0 }, { maxRecords: 1 })).rejects.toMatchObject(
        unknown,
      );
      await expect(log.offsets([topic, none])).rejects.toMatchObject(unknown);
      await expect(consume({ topics: [none] })).rejects.toMatchObject(unknown);
      expect((await log.topics()).has(none)).toBe(false);
    });

    test("create_is_idempotent", async () => {
      await log.append(topic, numbered(5));
      await log.createTopics([
        { name: topic, partitions: PARTITIONS + 1 },
        { name: `${topic}_second`, partitions: 1 },
      ]);
      await log.createTopics([{ name: `${topic}_second`, partitions: 1 }]);
      const topics = await log.topics();
      expect([topics.get(topic), topics.get(`${topic}_second`)]).toEqual([PARTITIONS, 1]);
      expect(await readAll(log, topic)).toHaveLength(5);
    });

    test("state_is_of_now", async () => {
      const state = await log.state();
      expect(state.servers).toBeGreaterThanOrEqual(1);
      expect(state).toMatchObject({ offline: 0, shortOfCopies: 0 });
    });

    test("values_are_bytes", async () => {
      const word = fc.string({ unit: "grapheme", maxLength: 8 });
      const headers = fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), word, {
        maxKeys: 3,
        noNullPrototype: true,
      });
      const any = fc.record({ key: word, value: fc.uint8Array({ maxLength: 40 }), headers });
      await fc.assert(
        fc.asyncProperty(fc.array(any, { minLength: 1, maxLength: 10 }), async (records) => {
          const began = Date.now();
          const places = await log.append(topic, records);
          const stored = new Map((await readAll(log, topic)).map((each) => [placeOf(each), each]));
          for (const [index, { key, value, headers }] of records.entries()) {
            const found = stored.get(placeOf(places[index]!))!;
            expect(found.key).toBe(key);
            expect(Buffer.compare(found.value, value)).toBe(0);
            expect(Object.entries(found.headers).sort()).toEqual(Object.entries(headers).sort());
            expect(Math.abs(found.timestamp - began)).toBeLessThan(60_000);
          }
        }),
        { numRuns: 10 },
      );
    });

    test("tailing gives all records of the topic, in order, as they come", async () => {
      await log.append(topic, numbered(10));
      const { next } = await log.offsets([topic]);
      await log.append(topic, numbered(40).slice(10, 20));
      const seen: LogRecord[] = [];
      const stop = new AbortController();
      const tailing = tailLog(log, {
        topics: [topic],
        from: next,
        onRecords: async (records) => void seen.push(...records),
        signal: stop.signal,
        maxRecords: 3,
      });
      for (const record of numbered(40).slice(20)) await log.append(topic, [record]);
      await vi.waitFor(() => expect(seen).toHaveLength(30), { timeout: PATIENCE_MS });
      stop.abort();
      expect(await tailing).toEqual((await log.offsets([topic])).next);
      const expected = (await readAll(log, topic)).filter((each) => each.offset >= next.get(partitionKey(each))!);
      expect(seen.toSorted((a, b) => a.partition - b.partition).map(placeOf)).toEqual(expected.map(placeOf));
    });
  });
}

function record(key: string, value: string): NewRecord {
  return { key, value: Buffer.from(value) };
}

/** Records "0", "1", ... under a few keys. */
function numbered(count: number): NewRecord[] {
  return Array.from({ length: count }, (_, index) => record(`key-${index % 7}`, String(index)));
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

function text(record: LogRecord): string {
  return textOf(record.value);
}

function placeOf(at: TopicPartition & { offset: number }): string {
  return `${partitionKey(at)}/${at.offset}`;
}

function isSame(a: LogRecord, b: LogRecord): boolean {
  return placeOf(a) === placeOf(b);
}

/** Offsets to commit once `records` are done. */
function nextOffsets(records: readonly LogRecord[]): Map<string, number> {
  return new Map(records.map((each) => [partitionKey(each), each.offset + 1]));
}

async function appendKeys(
  log: EventLog,
  topic: string,
  keys: readonly string[],
): Promise<{ key: string; partition: number }[]> {
  const places = await log.append(
    topic,
    keys.map((key) => record(key, "")),
  );
  return places.map(({ partition }, index) => ({ key: keys[index]!, partition }));
}

/** All kept records, by partition and offset. */
async function readAll(log: EventLog, topic: string): Promise<LogRecord[]> {
  const { first, next } = await log.offsets([topic]);
  const all: LogRecord[] = [];
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const key = partitionKey({ topic, partition });
    for (let offset = first.get(key)!; offset < next.get(key)!;) {
      const records = await log.read({ topic, partition, offset }, { maxRecords: 1000, maxWaitMs: 5000 });
      expect(records.length).toBeGreaterThan(0);
      all.push(...records);
      offset = records.at(-1)!.offset + 1;
    }
  }
  return all;
}

async function pollUntil(consumer: Consumer, isEnough: (records: LogRecord[]) => boolean): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for (const deadline = Date.now() + PATIENCE_MS; !isEnough(records) && Date.now() < deadline;) {
    records.push(...(await consumer.poll({ maxRecords: 10, maxWaitMs: 500 })));
  }
  expect(isEnough(records), `not enough after ${records.length} records`).toBe(true);
  return records;
}

async function pollCount(consumer: Consumer, count: number): Promise<LogRecord[]> {
  return await pollUntil(consumer, (records) => records.length >= count);
}

/** Polls in the background until the function it gives is called; that resolves when the last poll has ended. */
function keepPolling(consumer: Consumer): () => Promise<void> {
  const stop = new AbortController();
  const poll = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await consumer.poll({ maxRecords: 10, maxWaitMs: 100, signal: stop.signal });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const polling = poll();
  return async () => {
    stop.abort();
    await polling;
  };
}
