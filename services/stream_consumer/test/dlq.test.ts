import { DEAD_LETTER_TOPIC, TOPICS } from "@cinelake/contracts";
import type { EventLog, LogRecord, NewRecord } from "@cinelake/event_log";
import { faulty } from "@cinelake/testkit";
import * as fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { deadLetter, parseDeadLetter } from "../src/dead_letter.ts";
import { scanLetters } from "../src/dlq/letters.ts";
import { listDeadLetters, redriveDeadLetters } from "../src/index.ts";
import { send, sent } from "./events.ts";
import { deadLetters, drain, openWorld, readTable, readTopicRecords, type World } from "./world.ts";

const RATINGS = TOPICS.rating;
const ALL = { maxAttempts: 5 };
const DAY = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
const valid = {
  event_id: "0f8fad5b-d9cb-469f-a165-70867728950e",
  event_type: "rating",
  event_ts: `${DAY}T10:00:00Z`,
  user_id: 1,
  movie_id: 10,
  rating: 4,
};

let world: World;
let log: EventLog;
beforeEach(async () => {
  world = await openWorld();
  log = world.log;
  return () => world[Symbol.asyncDispose]();
});

/** A record that an earlier version of the consumer has dead-lettered, though it is fine. */
function letterOf(value: unknown, more: Partial<LogRecord> = {}): NewRecord {
  const record = { topic: RATINGS, partition: 2, offset: 900, timestamp: 1_000, key: "1", headers: {} };
  return deadLetter(
    { ...record, value: Buffer.from(JSON.stringify(value)), ...more },
    "invalid_event: refused by mistake",
  );
}

const textOf = ({ value }: Pick<NewRecord, "value">): string => Buffer.from(value).toString();
const keysOf = async (filter: { reason?: string; topic?: string; limit: number }): Promise<string[]> =>
  (await listDeadLetters(log, filter)).letters.map(({ summary }) => summary.key);

describe("listing dead letters", () => {
  test("repetitions are one letter, the newest come last, filters and the limit hold, reasons are counted", async () => {
    await log.append(RATINGS, [{ key: "1", value: Buffer.from("{") }]);
    await send(world.log, [sent("view", "[]"), sent("rating", "nonsense", "1"), sent("rating", "{}", "1")]);
    await drain(world);
    const letters = await readTopicRecords(log, DEAD_LETTER_TOPIC);
    for (const { key, value } of letters) await log.append(DEAD_LETTER_TOPIC, [{ key, value }]);
    await log.append(DEAD_LETTER_TOPIC, [{ key: "x", value: Buffer.from("no letter") }]);
    await log.append(DEAD_LETTER_TOPIC, [letterOf(valid)]);
    const list = await listDeadLetters(log, { limit: 20 });
    expect(list.letters).toHaveLength(5);
    expect(list.letters.at(-1)).toMatchObject({
      summary: { key: "events_ratings/2/900", redrivenAs: undefined },
      letter: { reason: "invalid_event: refused by mistake" },
    });
    expect(list.reasons).toEqual([
      { reason: "invalid_event", letters: 3, redriven: 0 },
      { reason: "invalid_json", letters: 2, redriven: 0 },
    ]);
    expect(list.unreadable).toBe(1);
    expect(await keysOf({ limit: 2 })).toEqual(list.letters.slice(-2).map(({ summary }) => summary.key));
    expect(await keysOf({ limit: 20, topic: TOPICS.view })).toHaveLength(1);
    expect(await keysOf({ limit: 20, topic: TOPICS.view, reason: "invalid_json" })).toEqual([]);
  });

  test("reading a partition several times, for some keys each, finds what one reading finds", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(15), { maxLength: 60 }),
        fc.integer({ min: 1, max: 40 }),
        async (offsets, held) => {
          await using own = await openWorld();
          for (const offset of offsets) await own.log.append(DEAD_LETTER_TOPIC, [letterOf(valid, { offset })]);
          const keys = (await Array.fromAsync(scanLetters(own.log, { maxHeld: held }))).map(({ key }) => key);
          expect(keys.toSorted()).toEqual([...new Set(offsets)].map((offset) => `${RATINGS}/2/${offset}`).toSorted());
        },
      ),
      { numRuns: 10 },
    );
  });
});

describe("redriving dead letters", () => {
  test("a record goes back with its key, bytes and headers, and counts the attempt; the letter is done", async () => {
    const headers = { source: "ü", cinelake_attempt: "2", cinelake_first_seen: "2026-01-01T00:00:00.000Z" };
    await log.append(DEAD_LETTER_TOPIC, [letterOf(valid, { headers, key: "my key" })]);
    expect(await redriveDeadLetters({ log }, ALL)).toEqual({
      fates: { redriven: 1, redriven_already: 0, attempts_used_up: 0, not_possible: 0 },
      redriven: [{ topic: RATINGS, reason: "invalid_event", letters: 1 }],
      unknownKeys: [],
    });
    const [record, ...more] = await readTopicRecords(log, RATINGS);
    expect(more).toEqual([]);
    expect(record).toMatchObject({ key: "my key", headers: { ...headers, cinelake_attempt: "3" } });
    expect(textOf(record!)).toBe(JSON.stringify(valid));
    const { partition, offset } = record!;
    const [listed] = (await listDeadLetters(log, { limit: 1 })).letters;
    expect(listed!.summary.redrivenAs).toEqual({ topic: RATINGS, partition, offset });
    expect((await redriveDeadLetters({ log }, ALL)).fates).toMatchObject({ redriven: 0, redriven_already: 1 });
    expect(await readTopicRecords(log, RATINGS)).toHaveLength(1);
    await drain(world);
    expect(await readTable(world, "silver_events_ratings")).toMatchObject([{ user_id: 1, rating: 4 }]);
  });

  test("a dead letter repeated after its redrive, as by a replay, stays done", async () => {
    await log.append(DEAD_LETTER_TOPIC, [letterOf(valid)]);
    await redriveDeadLetters({ log }, ALL);
    await log.append(DEAD_LETTER_TOPIC, [letterOf(valid)]);
    expect((await redriveDeadLetters({ log }, ALL)).fates).toMatchObject({ redriven: 0, redriven_already: 1 });
  });

  test("the same place in a topic that was made anew is another letter", async () => {
    await log.append(DEAD_LETTER_TOPIC, [letterOf(valid)]);
    await redriveDeadLetters({ log }, ALL);
    await log.append(DEAD_LETTER_TOPIC, [letterOf({ ...valid, user_id: 2 }, { timestamp: 2_000 })]);
    expect((await redriveDeadLetters({ log }, ALL)).fates).toMatchObject({ redriven: 1, redriven_already: 1 });
  });

  test("a record that is still invalid comes back as a letter of the next attempt, until these are used up", async () => {
    await send(log, [sent("rating", "{")]);
    await drain(world);
    for (const attempt of [1, 2]) {
      expect((await redriveDeadLetters({ log }, { maxAttempts: 3 })).fates.redriven).toBe(1);
      await drain(world);
      expect((await deadLetters(log)).map((letter) => letter.attempt).toSorted()).toEqual(
        Array.from({ length: attempt + 1 }, (_, index) => index + 1),
      );
    }
    expect((await redriveDeadLetters({ log }, { maxAttempts: 3 })).fates).toEqual({
      redriven: 0,
      redriven_already: 2,
      attempts_used_up: 1,
      not_possible: 0,
    });
    expect(await readTopicRecords(log, RATINGS)).toHaveLength(3);
    expect(new Set((await deadLetters(log)).map((letter) => letter.first_seen)).size).toBe(1);
  });

  test("a process that dies between record and mark puts the record back twice, and Silver has it once", async () => {
    await log.append(DEAD_LETTER_TOPIC, [letterOf(valid)]);
    const dying = faulty(log, {
      before: (method, [topic]) => (method === "append" && topic === DEAD_LETTER_TOPIC ? new Error("died") : undefined),
    });
    await expect(redriveDeadLetters({ log: dying }, ALL)).rejects.toThrow("died");
    expect((await redriveDeadLetters({ log }, ALL)).fates.redriven).toBe(1);
    expect(await readTopicRecords(log, RATINGS)).toHaveLength(2);
    await drain(world);
    expect(await readTable(world, "silver_events_ratings")).toHaveLength(1);
  });

  test("a selection takes what it names, a dry run writes nothing, unknown keys are told", async () => {
    await log.append(DEAD_LETTER_TOPIC, [
      letterOf(valid),
      letterOf(valid, { offset: 901 }),
      letterOf(valid, { topic: TOPICS.view }),
    ]);
    const { next } = await log.offsets([DEAD_LETTER_TOPIC, RATINGS, TOPICS.view]);
    const keys = [`${RATINGS}/2/901`, `${RATINGS}/2/7`];
    const dry = await redriveDeadLetters({ log }, { ...ALL, keys, dryRun: true });
    expect(dry).toMatchObject({ fates: { redriven: 1 }, unknownKeys: [`${RATINGS}/2/7`] });
    expect((await log.offsets([DEAD_LETTER_TOPIC, RATINGS, TOPICS.view])).next).toEqual(next);
    expect(await redriveDeadLetters({ log }, { ...ALL, keys })).toEqual(dry);
    expect((await redriveDeadLetters({ log }, { ...ALL, reason: "invalid_json" })).fates.redriven).toBe(0);
    expect((await redriveDeadLetters({ log }, { ...ALL, topic: TOPICS.view })).fates.redriven).toBe(1);
    expect((await redriveDeadLetters({ log }, ALL)).fates).toMatchObject({ redriven: 1, redriven_already: 2 });
  });

  test("a record too large for a letter is dead-lettered without its bytes and redriven from its topic", async () => {
    const value = Buffer.alloc(900_000, "x");
    await log.append(RATINGS, [{ key: "7", value, headers: { source: "s" } }]);
    await drain(world);
    expect(await deadLetters(log)).toMatchObject([{ attempt: 1, headers: {}, value_base64: null }]);
    expect((await redriveDeadLetters({ log }, ALL)).fates.redriven).toBe(1);
    const [first, second] = await readTopicRecords(log, RATINGS);
    expect(second).toMatchObject({
      key: "7",
      partition: first!.partition,
      headers: { source: "s", cinelake_attempt: "2" },
    });
    expect(Buffer.from(second!.value).equals(value)).toBe(true);
    const gone = letterOf("x".repeat(900_000), { offset: 3_000_000 });
    await log.append(DEAD_LETTER_TOPIC, [gone]);
    expect((await redriveDeadLetters({ log }, ALL)).fates).toMatchObject({ redriven: 0, not_possible: 1 });
  });

  test("a letter of a version that kept no keys gets its record's key from the topic", async () => {
    const [at] = await log.append(RATINGS, [{ key: "42", value: Buffer.from("{") }]);
    const [record] = await log.read(at!, { maxRecords: 1 });
    const { key, ...old } = parseDeadLetter(deadLetter(record!, "invalid_json: x")) as { key: string };
    expect(key).toBe("42");
    await log.append(DEAD_LETTER_TOPIC, [
      { key: `${RATINGS}/${at!.partition}/0`, value: Buffer.from(JSON.stringify(old)) },
    ]);
    await redriveDeadLetters({ log }, ALL);
    expect((await readTopicRecords(log, RATINGS)).map((each) => each.key)).toEqual(["42", "42"]);
  });

  test("any bytes in the dead-letter topic are read as a letter, a mark or neither", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (value) => {
          expect(parseDeadLetter({ value })).toBeUndefined();
        },
      ),
    );
  });
});
