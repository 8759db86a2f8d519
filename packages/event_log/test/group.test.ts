import * as fc from "fast-check";
import { expect, test } from "vitest";
import { assignPartitions } from "../src/assignment.ts";
import { openEventLog, partitionKey, type Consumer, type TopicPartition } from "../src/index.ts";
import { expectEachOnceWhileMembersChange } from "./members.ts";

const partitions = (topic: string, count: number): TopicPartition[] =>
  Array.from({ length: count }, (_, partition) => ({ topic, partition }));

test("each partition goes to one subscriber, evenly, and a balanced group keeps what it has", () => {
  const topics = ["a", "b"];
  fc.assert(
    fc.property(
      fc.nat(7),
      fc.nat(7),
      fc.integer({ min: 1, max: 6 }),
      fc.array(fc.nat(6), { maxLength: 14 }),
      (a, b, size, holders) => {
        const all = [...partitions("a", a), ...partitions("b", b)];
        const held = Array.from({ length: size }, () => new Set<string>());
        for (const [index, at] of all.entries()) held[holders[index] ?? size]?.add(partitionKey(at));
        const members = held.map((keys) => ({ topics: new Set(topics), held: keys }));
        const assigned = assignPartitions(members, all);
        expect(assigned.flat().map(partitionKey).sort()).toEqual(all.map(partitionKey).sort());
        const loads = assigned.map((mine) => mine.length);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
        const again = assignPartitions(
          assigned.map((mine) => ({ topics: new Set(topics), held: new Set(mine.map(partitionKey)) })),
          all,
        );
        expect(again.map((mine) => mine.map(partitionKey).sort())).toEqual(
          assigned.map((mine) => mine.map(partitionKey).sort()),
        );
      },
    ),
  );
  const [one, two] = assignPartitions(
    [
      { topics: new Set(["a"]), held: new Set() },
      { topics: new Set(["b"]), held: new Set() },
    ],
    [...partitions("a", 4), ...partitions("b", 1), ...partitions("c", 1)],
  );
  expect([one!.length, two!.length]).toEqual([4, 1]);
});

test("members come and go: records of a partition are never handed out after its revocation, and none is lost", async () => {
  await using log = await openEventLog("memory:");
  await log.createTopics([{ name: "t", partitions: 6 }]);
  await expectEachOnceWhileMembersChange(log, "t", { count: 600, pauseMs: 0.1 });
});

test("a failing callback and an offset beyond the log reach the caller of poll", async () => {
  await using log = await openEventLog("memory:");
  await log.createTopics([{ name: "t", partitions: 1 }]);
  await using failing = await log.consumer({
    group: "g",
    topics: ["t"],
    onAssigned: () => Promise.reject(new Error("no table")),
  });
  await expect(failing.poll({ maxRecords: 1, maxWaitMs: 5000 })).rejects.toThrow("no table");
  await using ahead = await log.consumer({ group: "h", topics: ["t"], onAssigned: async () => new Map([["t/0", 7]]) });
  await expect(ahead.poll({ maxRecords: 1, maxWaitMs: 5000 })).rejects.toMatchObject({
    code: "log_offset_out_of_range",
  });
});

test("leaving settles the member's work, ends its waiting poll, and a foreign partition is not committed", async () => {
  await using log = await openEventLog("memory:");
  await log.createTopics([{ name: "t", partitions: 2 }]);
  await log.append("t", [{ key: "k", value: new Uint8Array(1) }]);
  const events: string[] = [];
  const consumer: Consumer = await log.consumer({
    group: "g",
    topics: ["t"],
    onRevoked: async (lost) => {
      events.push(`revoked ${lost.length}`);
      await consumer.commit(
        new Map([
          ["t/0", 1],
          ["t/7", 9],
        ]),
      );
    },
  });
  await consumer.poll({ maxRecords: 10, maxWaitMs: 1000 });
  const waiting = consumer.poll({ maxRecords: 10, maxWaitMs: 60_000 });
  await consumer[Symbol.asyncDispose]();
  await consumer[Symbol.asyncDispose]();
  expect(await waiting).toEqual([]);
  expect(events).toEqual(["revoked 2"]);
  expect(await log.committed("g", ["t"])).toEqual(new Map([["t/0", 1]]));
  await expect(consumer.poll({ maxRecords: 1, maxWaitMs: 0 })).rejects.toMatchObject({ code: "log_unavailable" });
  await consumer.commit(new Map([["t/0", 0]]));
  expect(await log.committed("g", ["t"])).toEqual(new Map([["t/0", 1]]));
});
