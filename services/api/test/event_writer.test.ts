import { TOPICS } from "@cinelake/contracts";
import { openEventLog, type EventLog, type NewRecord } from "@cinelake/event_log";
import { counting, faulty } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { createEventWriter } from "../src/event_writer.ts";

const record = (key: number): NewRecord => ({ key: String(key), value: new TextEncoder().encode(`v${key}`) });
const LIMITS = { inFlight: 1000, batch: 100 };

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
  const writer = createEventWriter(log, { inFlight: 2, batch: 10 });
  const first = writer.write(TOPICS.view, [record(1), record(2)]);
  expect(writer.hasRoom(1)).toBe(false);
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
