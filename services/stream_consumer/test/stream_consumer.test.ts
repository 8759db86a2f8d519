import { randomUUID } from "node:crypto";
import { allTopics, DEAD_LETTER_TOPIC, placeholderMovie, placeholderUser } from "@cinelake/contracts";
import { openEventLog } from "@cinelake/event_log";
import { openLakeTable } from "@cinelake/lake";
import { createMetrics } from "@cinelake/runtime";
import { faulty, type FaultPlan } from "@cinelake/testkit";
import { beforeEach, describe, expect, test } from "vitest";
import { mixedStream, send, sent } from "./events.ts";
import { expectEverythingOnce } from "./expectations.ts";
import {
  deadLetters,
  drain,
  openWorld,
  readTable,
  readTopicRecords,
  snapshotOf,
  startConsumer,
  withConsumer,
  type World,
} from "./world.ts";

const DAY = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
const FEW = ["view", "rating"] as const;
const ID = "0f8fad5b-d9cb-469f-a165-70867728950e";
const rating = { event_id: ID, event_ts: `${DAY}T10:00:00Z`, user_id: 1, movie_id: 10, rating: 4 };

let world: World;
beforeEach(async () => {
  world = await openWorld();
  return () => world[Symbol.asyncDispose]();
});

describe("stream_consumer", () => {
  test("2,000 mixed events: each valid event once in Silver, each record once in Bronze, the others dead-lettered", async () => {
    const stream = mixedStream(2_000, 1, Date.now());
    expect(stream.bad).toBeGreaterThan(50);
    expect(stream.conflicts).toBeGreaterThan(10);
    const consumer = await startConsumer(world);
    for (let from = 0; from < stream.records.length; from += 500) {
      await send(world.log, stream.records.slice(from, from + 500));
      await consumer.flush();
    }
    expect(await consumer.health()).toBeUndefined();
    await consumer.stop();
    await expectEverythingOnce(world);
  });

  test("an exact repeat is dropped, other content keeps the later event_ts, then the later offset, also after a restart", async () => {
    await send(world.log, [sent("rating", rating), sent("rating", rating)]);
    await drain(world);
    await send(world.log, [
      sent("rating", { ...rating, rating: 1, event_ts: `${DAY}T09:00:00Z` }),
      sent("rating", rating),
    ]);
    await drain(world);
    expect(await readTable(world, "silver_events_ratings")).toMatchObject([{ rating: 4, log_offset: 0 }]);
    await send(world.log, [sent("rating", { ...rating, rating: 2 })]);
    await drain(world);
    expect(await readTable(world, "silver_events_ratings")).toMatchObject([{ rating: 2, log_offset: 4 }]);
  });

  test("the same id under another user on that day is dead-lettered; another day is another event", async () => {
    await send(world.log, [sent("rating", rating), sent("rating", { ...rating, user_id: 2 }, "1")]);
    await drain(world);
    const before = new Date(Date.now() - 2 * 86_400_000).toISOString();
    await send(world.log, [
      sent("rating", { ...rating, user_id: 3 }, "1"),
      sent("rating", { ...rating, user_id: 2, event_ts: before }, "1"),
    ]);
    await drain(world);
    expect((await readTable(world, "silver_events_ratings")).map((row) => row["user_id"]).sort()).toEqual([1, 2]);
    const letters = await deadLetters(world.log);
    expect(letters.map(({ offset, reason }) => [offset, reason.split(":")[0]])).toEqual([
      [1, "event_id_conflict"],
      [2, "event_id_conflict"],
    ]);
  });

  test("unknown films and users get one placeholder; known ones are left alone", async () => {
    await send(world.log, [
      sent("rating", rating),
      sent("click", { ...rating, click_type: "open" }),
      sent("rating", { ...rating, movie_id: -1 }),
    ]);
    await drain(world);
    expect(await readTable(world, "silver_movies")).toEqual([placeholderMovie(10)]);
    expect(await readTable(world, "silver_users")).toEqual([placeholderUser(1)]);
    const { version } = await snapshotOf(world, "silver_movies");
    await send(world.log, [sent("view", rating)]);
    await drain(world);
    expect((await snapshotOf(world, "silver_movies")).version).toBe(version);
  });

  test("no records, no version; a tail of bad records moves the offsets on and is not dead-lettered again", async () => {
    await drain(world);
    expect((await snapshotOf(world, "silver_events_ratings")).version).toBe(0);
    await send(world.log, [sent("rating", "{"), sent("rating", "{")]);
    await drain(world);
    await drain(world);
    expect(await readTopicRecords(world.log, DEAD_LETTER_TOPIC)).toHaveLength(2);
    expect((await snapshotOf(world, "silver_events_ratings")).version).toBe(1);
    expect((await snapshotOf(world, "silver_events_views")).version).toBe(0);
  });

  test("flushes by rows, by bytes and by time, and stop flushes the rest", async () => {
    for (const option of [{ flushRows: 3 }, { flushBytes: 600 }, { flushIntervalMs: 20 }]) {
      let read = 0;
      const log = withConsumer(world.log, (consumer) => ({
        assignment: () => consumer.assignment(),
        commit: (offsets) => consumer.commit(offsets),
        [Symbol.asyncDispose]: () => consumer[Symbol.asyncDispose](),
        async poll(limits) {
          const records = await consumer.poll(limits);
          read += records.length;
          return records;
        },
      }));
      const consumer = await startConsumer({ ...world, log }, option);
      const { version } = await snapshotOf(world, "silver_events_views");
      await send(
        world.log,
        Array.from({ length: 3 }, () => sent("view", { ...rating, event_id: crypto.randomUUID() })),
      );
      await expect
        .poll(async () => (await snapshotOf(world, "silver_events_views")).version, { timeout: 5000 })
        .toBeGreaterThan(version);
      await send(world.log, [sent("view", { ...rating, event_id: crypto.randomUUID() })]);
      await expect.poll(() => read, { timeout: 5000 }).toBe(4);
      await consumer.stop();
      await consumer.stop();
    }
    await expectEverythingOnce(world);
  });

  test("two members share the partitions; one that joins or leaves loses and repeats nothing", async () => {
    const stream = mixedStream(600, 5, Date.now(), FEW).records;
    const first = await startConsumer(world, { flushRows: 120 });
    await send(world.log, stream.slice(0, 200));
    const second = await startConsumer(world, { flushRows: 120 });
    await send(world.log, stream.slice(200, 400));
    await second.flush();
    await send(world.log, stream.slice(400));
    await first.stop();
    await second.flush();
    await second.stop();
    await expectEverythingOnce(world);
  });

  test("a table that has read further than the log reaches stops the start, and says what to do", async () => {
    await send(world.log, [sent("rating", rating)]);
    await drain(world);
    await using log = await openEventLog("memory:");
    await log.createTopics(allTopics());
    await expect(startConsumer({ ...world, log })).rejects.toMatchObject({
      code: "table_ahead_of_log",
      message: expect.stringContaining("LOG_URL"),
    });
  });

  test("metrics tell rows, repeats, dead letters and lag", async () => {
    const metrics = createMetrics();
    await send(world.log, [sent("rating", rating), sent("rating", rating), sent("rating", "{"), sent("view", "{")]);
    const consumer = await startConsumer({ ...world, metrics });
    await consumer.flush();
    await consumer.stop();
    const text = await metrics.text();
    expect(text).toContain('cinelake_stream_rows_written_total{table="silver_events_ratings"} 1');
    expect(text).toContain('cinelake_stream_rows_written_total{table="bronze_events_ratings_raw"} 3');
    expect(text).toContain('cinelake_stream_duplicates_total{topic="events_ratings"} 1');
    expect(text).toContain('cinelake_events_dead_lettered_total{reason="invalid_json"} 2');
    expect(text).toMatch(/cinelake_stream_lag_records\{topic="events_ratings",partition="\d"\} 0/);
  });

  test("missing topics are named", async () => {
    await using log = await openEventLog("memory:");
    await expect(startConsumer({ ...world, log })).rejects.toMatchObject({ code: "topic_unknown" });
  });
});

describe("faults", () => {
  const isCommit = (table: RegExp) => (method: string, args: readonly unknown[]) =>
    method === "putIfAbsent" &&
    table.test(String(args[0])) &&
    /_delta_log\/\d+\.json$/.test(String(args[0])) &&
    !/0{20}\.json$/.test(String(args[0]));
  const isUpload = (method: string, args: readonly unknown[]) =>
    method === "putFile" && /silver_events/.test(String(args[0]));
  type Plans = { store?: FaultPlan; log?: FaultPlan; consumer?: FaultPlan };
  type Fault = NonNullable<FaultPlan["before"]>;
  let injected = 0;
  const once = (matches: (method: string, args: readonly unknown[]) => boolean, skip = 0): Fault => {
    let seen = 0;
    return (method, args) => {
      if (!matches(method, args) || seen++ !== skip) return undefined;
      injected++;
      return new Error("injected");
    };
  };
  /** The plan, after whose fault nothing can be written any more: as for a process that has died. */
  const WRITES = ["put", "putIfAbsent", "putFile", "append"];
  const fatal = (plan: FaultPlan | undefined, isDead: () => boolean): FaultPlan => ({
    ...plan,
    before: (method, args) =>
      plan?.before?.(method, args) ?? (isDead() && WRITES.includes(method) ? new Error("dead") : undefined),
  });
  const FAULTS: Record<string, () => Plans> = {
    "before the data files are stored": () => ({ store: { before: once(isUpload) } }),
    "after the data files are stored": () => ({ store: { after: once(isUpload) } }),
    "before the first Silver commit": () => ({ store: { before: once(isCommit(/silver_events/)) } }),
    "after a Silver commit, its answer lost": () => ({ store: { after: once(isCommit(/silver_events/), 1) } }),
    "between Silver and Bronze": () => ({ store: { before: once(isCommit(/bronze_events/)) } }),
    "after a Bronze commit, its answer lost": () => ({ store: { after: once(isCommit(/bronze_events/), 1) } }),
    "while placeholders are merged": () => ({ store: { before: once(isCommit(/silver_movies/)) } }),
    "before dead letters are written": () => ({ log: { before: once((method) => method === "append") } }),
    "after dead letters are written": () => ({ log: { after: once((method) => method === "append") } }),
    "before the group's commit": () => ({ consumer: { before: once((method) => method === "commit") } }),
  };
  const cases = Object.keys(FAULTS).flatMap((fault) => [
    { fault, outcome: "the process is dead and the next one goes on" },
    { fault, outcome: "the same process tries again" },
  ]);

  test.each(cases)("$fault: $outcome", async ({ fault, outcome }) => {
    const plans = FAULTS[fault]?.() ?? {};
    const before = injected;
    const isDead = () => outcome.includes("dead") && injected > before;
    const stream = mixedStream(150, 9, Date.now(), FEW);
    await send(world.log, stream.records.slice(0, 100));
    const log = withConsumer(faulty(world.log, fatal(plans.log, isDead)), (consumer) =>
      faulty(consumer, plans.consumer ?? {}),
    );
    const consumer = await startConsumer({ ...world, log, store: faulty(world.store, fatal(plans.store, isDead)) });
    await consumer.flush().catch(() => undefined);
    expect(injected).toBe(before + 1);
    await send(world.log, stream.records.slice(100));
    if (!isDead()) await consumer.flush();
    await consumer.stop();
    if (isDead()) await drain(world);
    await expectEverythingOnce(world);
  });

  test("a flush that fails keeps the records, tells health and succeeds later", async () => {
    let broken = true;
    const store = faulty(world.store, {
      before: (method) => (broken && method === "putIfAbsent" ? new Error("disk gone") : undefined),
    });
    await drain(world);
    await send(world.log, [sent("rating", rating)]);
    const consumer = await startConsumer({ ...world, store });
    await expect(consumer.flush()).rejects.toThrow();
    expect(await consumer.health()).toContain("disk gone");
    broken = false;
    await consumer.flush();
    expect(await consumer.health()).toBeUndefined();
    await consumer.stop();
    await expectEverythingOnce(world);
  });

  test("dead letters are not repeated while a flush is tried again", async () => {
    let left = 5;
    const store = faulty(world.store, {
      before: (method, args) => (isCommit(/bronze_events/)(method, args) && left-- > 0 ? new Error("no") : undefined),
    });
    await send(world.log, [sent("rating", "{"), sent("view", "{"), sent("rating", rating)]);
    const consumer = await startConsumer({ ...world, store });
    await expect
      .poll(
        () =>
          consumer.flush().then(
            () => "written",
            () => "failed",
          ),
        { timeout: 10_000 },
      )
      .toBe("written");
    await consumer.stop();
    expect(await readTopicRecords(world.log, DEAD_LETTER_TOPIC)).toHaveLength(2);
  });

  test("a writer that overtakes the consumer makes it read anew, nothing is written twice", async () => {
    await send(world.log, mixedStream(100, 3, Date.now(), FEW).records);
    const [first, second] = [
      await startConsumer(world, { group: "one" }),
      await startConsumer(world, { group: "two" }),
    ];
    await Promise.allSettled([first.flush(), second.flush()]);
    await send(world.log, mixedStream(50, 4, Date.now(), FEW).records);
    await Promise.allSettled([first.flush(), second.flush()]);
    await first.stop();
    await second.stop();
    await drain(world);
    await expectEverythingOnce(world);
  });

  test("another member's event of the same id and another user, written since the look-up, is not doubled", async () => {
    const silver = await openLakeTable(world, "silver_events_ratings");
    const row = {
      event_id: ID,
      event_ts: new Date(`${DAY}T09:00:00Z`),
      event_date: DAY,
      user_id: 2,
      movie_id: 20,
      rating: 1,
      review_text: null,
      log_partition: 2,
      log_offset: 0,
      ingestion_ts: new Date(),
    };
    let written = 0;
    const store = new Proxy(world.store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (name !== "putIfAbsent") return typeof value === "function" ? value.bind(target) : value;
        return async (key: string, bytes: Uint8Array) => {
          if (isCommit(/silver_events_ratings/)(name, [key]) && written++ === 0) await silver.append({ rows: [row] });
          return target.putIfAbsent(key, bytes);
        };
      },
    });
    await send(world.log, [sent("rating", rating), sent("rating", { ...rating, event_id: randomUUID() })]);
    await drain({ ...world, store });
    expect(written).toBeGreaterThan(1);
    expect((await readTable(world, "silver_events_ratings")).map((each) => each["user_id"]).sort()).toEqual([1, 2]);
    expect(await deadLetters(world.log)).toMatchObject([{ reason: expect.stringMatching(/^event_id_conflict/) }]);
  });
});
