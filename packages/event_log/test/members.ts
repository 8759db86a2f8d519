import { expect } from "vitest";
import { partitionKey, type Consumer, type EventLog } from "../src/index.ts";

/**
 * Appends records, a pause after each on average, while one member after the other joins a group and leaves it, each committing what it
 * has read before it gives a partition up. Expects every record to be read once, by the one who holds its partition.
 */
export async function expectEachOnceWhileMembersChange(
  log: EventLog,
  topic: string,
  { count, pauseMs }: { readonly count: number; readonly pauseMs: number },
): Promise<void> {
  const done = new Map<string, number>();
  const holder = new Map<string, string>();
  const stop = new AbortController();
  const left = new Set<Consumer>();
  const member = async (name: string): Promise<{ consumer: Consumer; loop: Promise<void> }> => {
    const pending = new Map<string, number>();
    const consumer = await log.consumer({
      group: `group_${topic}`,
      topics: [topic],
      onAssigned: async (gained) => {
        for (const key of gained.map(partitionKey)) {
          expect(holder.has(key)).toBe(false);
          holder.set(key, name);
        }
        return new Map();
      },
      onRevoked: async (lost) => {
        const keys = lost.map(partitionKey);
        await consumer.commit(new Map([...pending].filter(([key]) => keys.includes(key))));
        for (const key of keys) holder.delete(key);
      },
    });
    const run = async (): Promise<void> => {
      while (!stop.signal.aborted && !left.has(consumer)) {
        const records = await consumer.poll({ maxRecords: 7, maxWaitMs: 20 });
        for (const record of records) {
          const key = partitionKey(record);
          expect(holder.get(key), "the one who reads it holds it").toBe(name);
          expect(record.offset).toBe(done.get(key) ?? 0);
          done.set(key, record.offset + 1);
          pending.set(key, record.offset + 1);
        }
      }
    };
    return { consumer, loop: run() };
  };
  const leave = async (consumer: Consumer): Promise<void> => {
    left.add(consumer);
    await consumer[Symbol.asyncDispose]();
  };
  const members = [await member("0")];
  const loops = [members[0]!.loop];
  const join = async (name: string): Promise<void> => {
    const joined = await member(name);
    members.push(joined);
    loops.push(joined.loop);
  };
  for (let index = 0; index < count; index++) {
    await log.append(topic, [{ key: String(index), value: new Uint8Array(1) }]);
    if (index % 40 === 20) await join(String(index));
    if (index % 40 === 39) await leave(members.shift()!.consumer);
    if (index % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 10 * pauseMs));
  }
  const total = (): number => [...done.values()].reduce((sum, next) => sum + next, 0);
  for (let wait = 0; wait < 2000 && total() < count; wait++) await new Promise((resolve) => setTimeout(resolve, 10));
  stop.abort();
  await Promise.all(loops);
  expect(total()).toBe(count);
}
