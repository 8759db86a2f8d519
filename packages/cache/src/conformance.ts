import { randomUUID } from "node:crypto";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Cache } from "./cache.ts";

/** A cache under test. */
export interface CacheUnderTest {
  readonly cache: Cache;
  /** Lets the cache's time pass: a clock that is turned, or a real wait. */
  readonly pass: (seconds: number) => Promise<void>;
  /** About how many bytes it keeps, if it is small enough to be filled in a test. */
  readonly maxBytes?: number;
  readonly close: () => Promise<void>;
}

/**
 * Holds an adapter to the guarantees of `Cache`: one test for each, of the same name. Other keys may be there; each test makes its
 * own, and is content with misses where the port allows them.
 */
export function cacheConformance(name: string, open: () => Promise<CacheUnderTest>): void {
  describe(`cache conformance: ${name}`, () => {
    let opened: CacheUnderTest;
    let cache: Cache;
    let prefix: string;
    const minute = { ttlSeconds: 60 };
    beforeEach(async () => {
      opened = await open();
      cache = opened.cache;
      prefix = randomUUID();
    });
    afterEach(() => opened.close());

    test("set_replaces_whole_values", async () => {
      const key = `${prefix}/key`;
      const write = async (): Promise<void> => {
        for (let turn = 1; turn <= 30; turn++)
          await cache.set(key, new Uint8Array(1 + 100 * (turn % 3)).fill(turn % 3), minute);
      };
      const read = async (): Promise<void> => {
        for (let turn = 0; turn < 60; turn++) {
          const seen = await cache.get(key);
          if (seen) expect([...seen]).toEqual(Array.from({ length: 1 + 100 * seen[0]! }, () => seen[0]));
        }
      };
      await Promise.all([write(), read(), read()]);
      expect([...(await cache.get(key))!]).toEqual([0]);
    });

    test("set_many_is_atomic", async () => {
      const keys = Array.from({ length: 10 }, (_, index) => `${prefix}/${index}`);
      const write = async (): Promise<void> => {
        for (let turn = 0; turn < 30; turn++)
          await cache.setMany(
            keys.map((key) => [key, Uint8Array.of(turn)] as const),
            minute,
          );
      };
      const read = async (): Promise<void> => {
        for (let turn = 0; turn < 60; turn++) {
          const seen = await cache.getMany(keys);
          expect(new Set(seen.map((value) => value?.[0])).size).toBe(1);
        }
      };
      await Promise.all([write(), read(), read()]);
      expect((await cache.getMany(keys)).map((value) => value?.[0])).toEqual(keys.map(() => 29));
    });

    test("ttl_expires", async () => {
      const [short, long] = [`${prefix}/short`, `${prefix}/long`];
      await cache.set(short, bytes("x"), { ttlSeconds: 1 });
      await cache.setMany([[long, bytes("y")]], minute);
      expect((await cache.getMany([short, long])).map(text)).toEqual(["x", "y"]);
      await opened.pass(1.1);
      expect((await cache.getMany([short, long])).map(text)).toEqual([undefined, "y"]);
      await cache.set(long, bytes("z"), { ttlSeconds: 1 });
      await opened.pass(1.1);
      expect(await cache.get(long), "a new value has its own time").toBeUndefined();
      for (const ttlSeconds of [0, -1, Number.NaN, Infinity]) {
        await expect(cache.set(short, bytes("x"), { ttlSeconds })).rejects.toMatchObject({ code: "invalid_argument" });
      }
    });

    test("missing_is_undefined", async () => {
      await cache.set(`${prefix}/there`, bytes(""), minute);
      const seen = await cache.getMany([`${prefix}/none`, `${prefix}/there`, `${prefix}/none`]);
      expect(seen.map(text)).toEqual([undefined, "", undefined]);
      expect(await cache.get(`${prefix}/none`)).toBeUndefined();
      expect(await cache.getMany([])).toEqual([]);
      await cache.setMany([], minute);
    });

    test("eviction_at_will", async () => {
      const { maxBytes } = opened;
      if (maxBytes === undefined) return;
      const size = Math.ceil(maxBytes / 20);
      const keys = Array.from({ length: 100 }, (_, index) => `${prefix}/${index}`);
      for (const key of keys) await cache.set(key, new Uint8Array(size), minute);
      const kept = (await cache.getMany(keys)).filter((value) => value !== undefined);
      expect(kept.length).toBeLessThanOrEqual(20);
      await cache.set(`${prefix}/huge`, new Uint8Array(2 * maxBytes), minute);
      expect(await cache.get(`${prefix}/huge`)).toBeUndefined();
      await cache.set(`${prefix}/small`, bytes("x"), minute);
      expect(text(await cache.get(`${prefix}/small`))).toBe("x");
    });

    test("values_are_bytes", async () => {
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: "grapheme" }), fc.uint8Array({ maxLength: 200 }), async (name, value) => {
          const key = `${prefix}/${name}`;
          const given = value.slice();
          await cache.set(key, given, minute);
          given.fill(0);
          const first = (await cache.get(key))!;
          expect(Buffer.compare(first, value)).toBe(0);
          first.fill(0);
          expect(Buffer.compare((await cache.getMany([key]))[0]!, value)).toBe(0);
        }),
        { numRuns: 30 },
      );
    });

    test("delete_is_idempotent", async () => {
      const key = `${prefix}/key`;
      await cache.set(key, bytes("x"), minute);
      await cache.delete(key);
      await cache.delete(key);
      expect(await cache.get(key)).toBeUndefined();
    });
  });
}

function bytes(value: string): Uint8Array {
  return Buffer.from(value);
}

function text(value: Uint8Array | undefined): string | undefined {
  return value && Buffer.from(value).toString();
}
