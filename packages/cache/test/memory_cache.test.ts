import * as fc from "fast-check";
import { expect, test } from "vitest";
import { cacheConformance } from "../src/conformance.ts";
import { openCache } from "../src/index.ts";

cacheConformance("memory", async () => {
  let now = 0;
  const cache = await openCache("memory:", { maxBytes: 10_000, now: () => now });
  return {
    cache,
    maxBytes: 10_000,
    pass: async (seconds) => void (now += seconds * 1000),
    close: async () => cache[Symbol.asyncDispose](),
  };
});

test("an unknown scheme is a configuration error that says what is supported", async () => {
  await expect(openCache("memcached://x")).rejects.toMatchObject({
    code: "config_invalid",
    message: expect.stringContaining("memory:"),
  });
});

test("behaves like a list in order of use, of what has not expired, cut to the budget", async () => {
  const key = fc.constantFrom("a", "b", "c", "d", "e");
  const operation = fc.oneof(
    fc.record({
      kind: fc.constant("set" as const),
      key,
      size: fc.nat(400),
      ttlSeconds: fc.integer({ min: 1, max: 5 }),
    }),
    fc.record({ kind: fc.constant("get" as const), key }),
    fc.record({ kind: fc.constant("delete" as const), key }),
    fc.record({ kind: fc.constant("pass" as const), seconds: fc.nat(3) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 40 }), async (operations) => {
      const maxBytes = 1000;
      let now = 0;
      await using cache = await openCache("memory:", { maxBytes, now: () => now * 1000 });
      let model: { key: string; size: number; expires: number }[] = [];
      const cost = (size: number): number => 100 + 2 + size;
      const total = (): number => model.reduce((sum, { size }) => sum + cost(size), 0);
      for (const operation of operations) {
        if (operation.kind === "pass") {
          now += operation.seconds;
          continue;
        }
        const found = model.find((entry) => entry.key === operation.key && entry.expires > now);
        if (operation.kind === "get") {
          const value = await cache.get(operation.key);
          expect(value?.length).toBe(found?.size);
          if (found) model = [...model.filter((entry) => entry !== found), found];
        } else if (operation.kind === "delete") {
          await cache.delete(operation.key);
          model = model.filter((entry) => entry.key !== operation.key);
        } else {
          const { key, size, ttlSeconds } = operation;
          await cache.set(key, new Uint8Array(size), { ttlSeconds });
          model = model.filter((entry) => entry.key !== key);
          if (total() + cost(size) > maxBytes) model = model.filter((entry) => entry.expires > now);
          while (total() + cost(size) > maxBytes) model.shift();
          model.push({ key, size, expires: now + ttlSeconds });
        }
      }
    }),
  );
});
