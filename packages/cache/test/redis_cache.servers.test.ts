import { setTimeout as sleep } from "node:timers/promises";
import { startRedisServer, type RedisServer } from "@cinelake/testkit";
import * as fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cacheConformance } from "../src/conformance.ts";
import { openCache } from "../src/index.ts";

let server: RedisServer;
/** A database for a test that is no race: a busy machine may take its time. */
const database = (): string => `${server.url()}&timeout_ms=10000`;
beforeAll(async () => void (server = await startRedisServer()));
afterAll(() => server[Symbol.asyncDispose]());

cacheConformance("redis", async () => {
  const maxBytes = 100_000;
  const cache = await openCache(database(), { maxBytes });
  return {
    cache,
    maxBytes,
    pass: (seconds) => sleep(seconds * 1000),
    close: async () => cache[Symbol.asyncDispose](),
  };
});

const minute = { ttlSeconds: 60 };

/** A client of its own on the same database, and what lies below a cache's prefix. */
function inspect(url: string) {
  const client = new Redis(url.replace(/\?.*/, ""));
  const prefix = new URL(url).searchParams.get("prefix")!;
  return {
    keys: async () => (await Array.fromAsync<string[]>(client.scanStream({ match: `${prefix}*` }))).flat(),
    ttl: (key: string) => client.ttl(key),
    books: async () => ({
      total: Number((await client.get(`${prefix}books:total`)) ?? 0),
      sizes: await client.hgetall(`${prefix}books:sizes`),
      expiry: await client.zrange(`${prefix}books:expiry`, "0", "-1"),
      written: await client.zrange(`${prefix}books:written`, "0", "-1"),
    }),
    [Symbol.dispose]: () => client.disconnect(),
  };
}

test("every key has a time to live, the budget's books as long as the longest-living value", async () => {
  const url = database();
  await using cache = await openCache(url);
  using inside = inspect(url);
  await cache.setMany([["a", Buffer.from("x")]], { ttlSeconds: 500 });
  await cache.set("b", Buffer.from("y"), { ttlSeconds: 20 });
  const keys = await inside.keys();
  expect(keys).toHaveLength(6);
  for (const key of keys) {
    const ttl = await inside.ttl(key);
    expect(ttl, key).toBeGreaterThan(key.endsWith("value:b") ? 10 : 490);
    expect(ttl, key).toBeLessThanOrEqual(500);
  }
});

test("the books say what is there, whatever was written, replaced, deleted and evicted", async () => {
  const key = fc.constantFrom("a", "b", "c", "d", "e", "f");
  const entry = fc.tuple(
    key,
    fc.nat(900).map((size) => new Uint8Array(size)),
  );
  const operation = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant("set" as const), entries: fc.array(entry, { maxLength: 4 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), key }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 12 }), async (operations) => {
      const url = database();
      await using cache = await openCache(url, { maxBytes: 4_000 });
      using inside = inspect(url);
      for (const each of operations) {
        if (each.kind === "set") await cache.setMany(each.entries, minute);
        else await cache.delete(each.key);
      }
      const values = (await inside.keys()).filter((found) => found.includes(":value:"));
      const { total, sizes, expiry, written } = await inside.books();
      expect(Object.keys(sizes).toSorted()).toEqual(values.toSorted());
      expect(expiry.toSorted()).toEqual(values.toSorted());
      expect(written.toSorted()).toEqual(values.toSorted());
      expect(Object.values(sizes).reduce((sum, size) => sum + Number(size), 0)).toBe(total);
      expect(total).toBeLessThanOrEqual(4_000);
    }),
    { numRuns: 25 },
  );
});

test("room comes from what has expired, then from what was written longest ago", async () => {
  const url = `${database()}&max_bytes=10000`;
  await using cache = await openCache(url);
  const value = new Uint8Array(2_000);
  await cache.set("first", value, minute);
  await cache.set("short", value, { ttlSeconds: 0.05 });
  await cache.set("third", value, minute);
  await sleep(100);
  await cache.set("fourth", value, minute);
  const keys = ["first", "short", "third", "fourth", "fifth"];
  const there = async () => (await cache.getMany(keys)).map((found) => found !== undefined);
  expect(await there()).toEqual([true, false, true, true, false]);
  await cache.set("fifth", value, minute);
  expect(await there()).toEqual([false, false, true, true, true]);
});

test("caches of several clients share one budget, and none of many calls at once is lost or mixed up", async () => {
  const losses: unknown[] = [];
  const url = database();
  const clients = await Promise.all(
    Array.from({ length: 20 }, () => openCache(url, { maxBytes: 2_000_000, onLoss: (loss) => losses.push(loss) })),
  );
  await Promise.all(
    clients.map(async (cache, client) => {
      for (let turn = 0; turn < 20; turn++) {
        const entries = ["a", "b", "c"].map((name) => [`${client}/${name}`, Uint8Array.of(client, turn)] as const);
        await cache.setMany([...entries, ["shared", Uint8Array.of(client, turn)]], minute);
        const seen = await cache.getMany(entries.map(([key]) => key));
        expect(seen.map((value) => [...value!])).toEqual(entries.map(([, value]) => [...value]));
      }
    }),
  );
  using inside = inspect(url);
  expect(Object.keys((await inside.books()).sizes)).toHaveLength(61);
  for (const cache of clients) await cache[Symbol.asyncDispose]();
  expect(losses).toEqual([]);
});
