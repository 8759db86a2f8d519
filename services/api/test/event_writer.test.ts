import { TOPICS } from "@cinelake/contracts";
import { openEventLog, type EventLog, type NewRecord } from "@cinelake/event_log";
import { counting, faulty } from "@cinelake/testkit";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createEventWriter } from "../src/event_writer.ts";

const record = (key: number): NewRecord => ({ key: String(key), value: new TextEncoder().encode(`v${key}`) });
const LIMITS = { records: 1000, bytes: 1 << 20, batch: 100 };

async function logWithTopics(): Promise<EventLog> {
  const log = await openEventLog("memory:");
  await log.createTopics([TOPICS.view, TOPICS.rating].map((name) => ({ name, partitions: 3 })));
  return log;
}

test("many callers share few appends, and each gets the places of its own records", async () => {
  await using log = await logWithTopics();
  const { port, calls } = counting(log);
  const writer = createEventWriter(port, LIMITS);
  const answers = await Promise.all(
    Array.from({ length: 90 }, (_, at) => writer.write(TOPICS.view, [record(2 * at), record(2 * at + 1)])),
  );
  expect(calls.get("append")).toBeLessThanOrEqual(3);
  for (const [at, answer] of answers.entries()) {
    for (const [part, place] of answer.entries()) {
      const [found] = await log.read(place, { maxRecords: 1 });
      expect(found!.key).toBe(String(2 * at + part));
    }
  }
});

test("nothing resolves before the log has it", async () => {
  await using log = await logWithTopics();
  const gate = Promise.withResolvers<void>();
  const slow: EventLog = {
    ...bound(log),
    append: (topic, records) => gate.promise.then(() => log.append(topic, records)),
  };
  const writer = createEventWriter(slow, LIMITS);
  let answered = false;
  const writing = writer.write(TOPICS.view, [record(1)]).then(() => (answered = true));
  await new Promise((resolve) => void setTimeout(resolve, 20));
  expect(answered).toBe(false);
  gate.resolve();
  await writing;
  expect((await log.offsets([TOPICS.view])).next.values().reduce((sum, each) => sum + each, 0)).toBe(1);
});

test("too much in flight is refused with overloaded and leaves room again afterwards", async () => {
  await using log = await logWithTopics();
  const writer = createEventWriter(log, { ...LIMITS, records: 2 });
  const first = writer.write(TOPICS.view, [record(1), record(2)]);
  expect(writer.refusal(1, 1)).toBe("events_in_flight");
  await expect(writer.write(TOPICS.rating, [record(3)])).rejects.toMatchObject({ code: "overloaded" });
  await first;
  await expect(writer.write(TOPICS.rating, [record(3)])).resolves.toHaveLength(1);
});

test("a failing append fails its callers with log_unavailable and the next one works", async () => {
  await using log = await logWithTopics();
  let failures = 1;
  const broken = faulty(log, {
    before: (method) => (method === "append" && failures-- > 0 ? new Error("disk on fire") : undefined),
  });
  const writer = createEventWriter(broken, LIMITS);
  await expect(writer.write(TOPICS.view, [record(1)])).rejects.toMatchObject({ code: "log_unavailable" });
  await expect(writer.write(TOPICS.view, [record(1)])).resolves.toHaveLength(1);
});

test("too many bytes in flight are refused, but one write of any size is taken where none waits", async () => {
  await using log = await logWithTopics();
  const writer = createEventWriter(log, { ...LIMITS, bytes: 100 });
  const large = { key: "1", value: new Uint8Array(500) };
  const first = writer.write(TOPICS.view, [large]);
  expect(writer.refusal(1, 1)).toBe("bytes_in_flight");
  await expect(writer.write(TOPICS.rating, [record(3)])).rejects.toMatchObject({
    code: "overloaded",
    details: { reason: "bytes_in_flight" },
  });
  await first;
  expect(writer.refusal(1, 1)).toBeUndefined();
});

test("what waits behind an append that fails is refused with it, so nobody waits for an absent log twice", async () => {
  await using log = await logWithTopics();
  const { port, calls } = counting(log);
  const gate = Promise.withResolvers<void>();
  const away: EventLog = {
    ...bound(port),
    append: (_topic, records) => gate.promise.then(() => port.append("no such topic", records)),
  };
  const writer = createEventWriter(away, { ...LIMITS, batch: 2 });
  const writes = Array.from({ length: 20 }, (_, at) => writer.write(TOPICS.view, [record(at)]));
  gate.resolve();
  const settled = await Promise.allSettled(writes);
  expect(settled.map(({ status }) => status)).toEqual(settled.map(() => "rejected"));
  expect(calls.get("append")).toBe(1);
  expect(writer.refusal(LIMITS.records, LIMITS.bytes)).toBeUndefined();
});

test("whatever is written and however the log fails: what waits keeps to the limits, answers are true, all room comes back", async () => {
  const write = fc.record({
    topic: fc.constantFrom(TOPICS.view, TOPICS.rating),
    sizes: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
  });
  const limits = { records: 12, bytes: 150, batch: 4 };
  await fc.assert(
    fc.asyncProperty(fc.array(write), fc.array(fc.boolean(), { maxLength: 6 }), async (writes, fails) => {
      await using log = await logWithTopics();
      const gate = Promise.withResolvers<void>();
      const slow: EventLog = {
        ...bound(log),
        append: async (topic, records) => {
          await gate.promise;
          if (fails.shift()) throw new Error("away");
          return log.append(topic, records);
        },
      };
      const writer = createEventWriter(slow, limits);
      let [held, bytes, accepted] = [0, 0, 0];
      const answers = writes.map(async ({ topic, sizes }, number) => {
        const records = sizes.map((size, at) => ({ key: `${number}/${at}`, value: new Uint8Array(size) }));
        const more = records.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
        const fits = held + sizes.length <= limits.records && (bytes === 0 || bytes + more <= limits.bytes);
        if (fits) [held, bytes, accepted] = [held + sizes.length, bytes + more, accepted + 1];
        try {
          const places = await writer.write(topic, records);
          expect(fits).toBe(true);
          for (const [at, place] of places.entries()) {
            const [found] = await log.read(place, { maxRecords: 1 });
            expect(found).toMatchObject({ topic, key: records[at]!.key });
          }
        } catch (error) {
          expect(error).toMatchObject({ code: fits ? "log_unavailable" : "overloaded" });
        }
      });
      gate.resolve();
      await Promise.all(answers);
      expect(writer.refusal(limits.records, 10 * limits.bytes)).toBeUndefined();
      expect(accepted > 0).toBe(writes.length > 0);
    }),
    { numRuns: 100 },
  );
});

test("close settles everything accepted and takes nothing more", async () => {
  await using log = await logWithTopics();
  const writer = createEventWriter(log, LIMITS);
  const accepted = Array.from({ length: 50 }, (_, at) => writer.write(TOPICS.view, [record(at)]));
  await writer.close();
  await expect(writer.write(TOPICS.view, [record(99)])).rejects.toMatchObject({ code: "overloaded" });
  const settled = await Promise.race([
    Promise.all(accepted),
    new Promise((resolve) => void setTimeout(resolve, 5, [])),
  ]);
  expect(settled).toHaveLength(50);
});

/** The log's methods as own properties, so that one can be replaced. */
function bound(log: EventLog): EventLog {
  return new Proxy({} as EventLog, {
    ownKeys: () => ["url", "append", "read", "offsets", "topics"],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
    get(_target, name) {
      const value: unknown = Reflect.get(log, name, log);
      return typeof value === "function" ? value.bind(log) : value;
    },
  });
}
