import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { startOwnRedisServer } from "@cinelake/testkit";
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { openCache, type Cache, type CacheLoss } from "../src/index.ts";

const minute = { ttlSeconds: 60 };
const value = Buffer.from("x");

/** The URL of a cache that lets a busy machine take its time. */
const patient = (url: string): string => `${url}${url.includes("?") ? "&" : "?"}timeout_ms=10000`;

/** A cache that waits a second for each answer, and what it lost. */
async function watched(url: string): Promise<{ cache: Cache; losses: CacheLoss[]; kinds: () => string[] }> {
  const losses: CacheLoss[] = [];
  const cache = await openCache(`${url}&timeout_ms=1000`, { onLoss: (loss) => losses.push(loss) });
  const kinds = () => [...new Set(losses.map(({ operation, reason }) => `${operation} ${reason}`))].toSorted();
  return { cache, losses, kinds };
}

/** Writes until a write is there to be read. */
async function untilItWorks(cache: Cache): Promise<void> {
  await expect
    .poll(
      async () => {
        await cache.set("again", value, minute);
        return cache.get("again");
      },
      { timeout: 15_000 },
    )
    .toBeDefined();
}

test("a server that ends is missed by nobody: reads are misses, writes are dropped and told, and it is found again", async () => {
  await using server = await startOwnRedisServer();
  const { cache, losses, kinds } = await watched(server.url());
  await cache.set("key", value, minute);
  await server.stop();
  expect(await cache.getMany(["key", "other"])).toEqual([undefined, undefined]);
  await cache.set("key", value, minute);
  await cache.delete("key");
  expect(kinds()).toEqual(["read away", "write away"]);
  expect(losses).toHaveLength(3);
  await server.start();
  await untilItWorks(cache);
  expect(await cache.get("key"), "a dropped write is not made up for").toBeUndefined();
  await cache[Symbol.asyncDispose]();
});

test("a server that hangs costs one wait: calls after it are losses at once, and it is found again", async () => {
  await using server = await startOwnRedisServer();
  const { cache, losses, kinds } = await watched(server.url());
  await cache.set("key", value, minute);
  server.pause();
  expect(await cache.get("key")).toBeUndefined();
  expect(kinds()).toEqual(["read slow"]);
  // Were each of them sent or kept, they would wait for a second one after the other, or hold 1 GB.
  const large = Buffer.alloc(1 << 20);
  for (let turn = 0; turn < 1_000; turn++) await cache.set("large", large, minute);
  expect(kinds()).toEqual(["read slow", "write away"]);
  expect(losses).toHaveLength(1_001);
  server.resume();
  await untilItWorks(cache);
  expect(await cache.get("large")).toBeUndefined();
  await cache[Symbol.asyncDispose]();
});

test("what is on its way to a server that hangs is bounded", async () => {
  await using server = await startOwnRedisServer();
  const { cache, kinds, losses } = await watched(server.url());
  server.pause();
  const large = Buffer.alloc(6 << 20);
  await Promise.all(Array.from({ length: 10 }, (_, index) => cache.set(`${index}`, large, minute)));
  expect(kinds()).toEqual(["write busy", "write slow"]);
  expect(losses.filter(({ reason }) => reason === "busy")).toHaveLength(8);
  await cache[Symbol.asyncDispose]();
});

test("a server that is away when the cache is opened is used once it comes", async () => {
  await using server = await startOwnRedisServer();
  await server.stop();
  const { cache, kinds } = await watched(server.url());
  expect(await cache.get("key")).toBeUndefined();
  expect(kinds()).toEqual(["read away"]);
  await server.start();
  await untilItWorks(cache);
  await cache[Symbol.asyncDispose]();
});

test("a full server under noeviction refuses all of a write: its keys are misses, and others stay", async () => {
  await using server = await startOwnRedisServer({ "maxmemory-policy": "noeviction" });
  const { cache, losses, kinds } = await watched(server.url());
  const jobs = new Redis(server.port, { db: 0 });
  const keys = ["a", "b", "c"];
  const publish = (text: string) =>
    cache.setMany(
      keys.map((key) => [key, Buffer.from(text)] as const),
      minute,
    );
  await cache.set("other", value, minute);
  await publish("old");
  await jobs.set("job", value);
  await jobs.config("SET", "maxmemory", "1mb"); // less than the server needs for itself
  await expect(jobs.set("another", value)).rejects.toThrow("OOM");
  await publish("new");
  expect(kinds()).toEqual(["write refused"]);
  expect(losses[0]?.detail).toContain("OOM");
  expect(await cache.getMany(keys)).toEqual([undefined, undefined, undefined]);
  expect(await cache.get("other")).toBeDefined();
  await cache.delete("other");
  expect(await cache.get("other"), "a deletion needs no memory").toBeUndefined();
  expect(losses).toHaveLength(1);
  expect(await jobs.exists("job"), "what is not the cache's is left alone").toBe(1);
  await jobs.config("SET", "maxmemory", "0");
  await publish("newer");
  expect((await cache.getMany(keys)).map((found) => Buffer.from(found!).toString())).toEqual(keys.map(() => "newer"));
  jobs.disconnect();
  await cache[Symbol.asyncDispose]();
});

test("refused credentials and databases are configuration errors that show no password", async () => {
  await using server = await startOwnRedisServer({ requirepass: "the right one", databases: "4" });
  {
    await using cache = await openCache(patient(server.url(3)));
    await cache.set("key", value, minute);
    expect(await cache.get("key")).toBeDefined();
    expect(cache.url).toBe(`redis://127.0.0.1:${server.port}/3`);
  }
  for (const [url, reason] of [
    [`redis://:hunter2@127.0.0.1:${server.port}/1`, "WRONGPASS"],
    [`redis://bob:hunter2@127.0.0.1:${server.port}/1`, "WRONGPASS"],
    [`redis://127.0.0.1:${server.port}/1`, "NOAUTH"],
    [server.url(4), "DB index is out of range"],
  ] as const) {
    const error: unknown = await openCache(patient(url)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "config_invalid", message: expect.stringContaining(reason) });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toMatch(/hunter2|the right one/);
  }
});

test("a database that the server refuses later is never replaced by another one", async () => {
  await using server = await startOwnRedisServer({ databases: "4" });
  const url = server.url(4);
  await server.stop();
  const { cache, kinds } = await watched(url);
  await server.start();
  const first = new Redis(server.port, { db: 0 });
  for (let turn = 0; turn < 20; turn++) {
    await cache.set("key", value, minute);
    await sleep(20);
  }
  expect(kinds()).toEqual(["write away"]);
  expect(await first.dbsize()).toBe(0);
  first.disconnect();
  await cache[Symbol.asyncDispose]();
});

test("a server that is gone or hangs keeps nobody from closing the cache", async () => {
  await using server = await startOwnRedisServer();
  const paused = await openCache(server.url());
  const stopped = await openCache(server.url());
  server.pause();
  await paused[Symbol.asyncDispose]();
  await server.stop("SIGKILL");
  await stopped[Symbol.asyncDispose]();
  expect(await stopped.get("key"), "a closed cache is an empty one").toBeUndefined();
});

test("rediss: speaks TLS to a server whose certificate is trusted, and to no other", async () => {
  await using server = await startOwnRedisServer({}, { tls: true });
  {
    await using cache = await openCache(patient(`${server.url()}&ca=${encodeURIComponent(server.certificate!)}`));
    await cache.set("key", value, minute);
    expect(await cache.get("key")).toBeDefined();
  }
  const { cache, losses } = await watched(server.url());
  expect(await cache.get("key")).toBeUndefined();
  expect(losses).toMatchObject([{ reason: "away", detail: expect.stringContaining("certificate") }]);
  await cache[Symbol.asyncDispose]();
});
