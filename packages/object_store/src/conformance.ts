import { mkdir, readFile, writeFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ObjectStore } from "./object_store.ts";

/** A store under test. `reopen` opens another one over the same data, as a new process would, where the adapter keeps any. */
export interface StoreUnderTest {
  readonly store: ObjectStore;
  readonly reopen?: () => Promise<ObjectStore>;
  readonly close: () => Promise<void>;
}

/** Holds an adapter to the guarantees of `ObjectStore`: one test for each, of the same name. `open` gives an empty store. */
export function objectStoreConformance(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`object store conformance: ${name}`, () => {
    let opened: StoreUnderTest;
    let store: ObjectStore;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.close());

    test("put_is_atomic", async () => {
      const versions = [1, 2].map((fill) => new Uint8Array(300_000).fill(fill));
      await store.put("a/object", versions[0]!);
      const writes = async (): Promise<void> => {
        for (let turn = 0; turn < 20; turn++) await store.put("a/object", versions[turn % 2]!);
      };
      const reads = async (): Promise<void> => {
        for (let turn = 0; turn < 60; turn++) {
          const seen = await store.get("a/object");
          expect(seen.length).toBe(300_000);
          expect(Buffer.compare(seen, versions[seen[0]! - 1]!)).toBe(0);
        }
      };
      await Promise.all([writes(), reads()]);
    });

    test("put_is_durable", async () => {
      await store.put("new/folder/put", bytes("1"));
      expect(await store.putIfAbsent("other/folder/put_if_absent", bytes("2"))).toBe(true);
      await using staging = await store.stagingDirectory();
      await writeFile(join(staging.path, "file"), "3");
      await store.putFile("third/folder/put_file", join(staging.path, "file"));
      const again = (await opened.reopen?.()) ?? store;
      expect(text(await again.get("new/folder/put"))).toBe("1");
      expect(text(await again.get("other/folder/put_if_absent"))).toBe("2");
      expect(text(await again.get("third/folder/put_file"))).toBe("3");
      if (again !== store) await again[Symbol.asyncDispose]();
    });

    test("put_if_absent_has_one_winner", async () => {
      const rival = (await opened.reopen?.()) ?? store;
      for (let version = 0; version < 10; version++) {
        const key = `log/${version}`;
        const won = await Promise.all(
          Array.from({ length: 8 }, (_, racer) => (racer % 2 ? rival : store).putIfAbsent(key, bytes(String(racer)))),
        );
        expect(won.filter(Boolean)).toHaveLength(1);
        expect(text(await store.get(key))).toBe(String(won.indexOf(true)));
        expect(await store.putIfAbsent(key, bytes("late"))).toBe(false);
      }
      if (rival !== store) await rival[Symbol.asyncDispose]();
    });

    test("get_missing_fails", async () => {
      await store.put("folder/object", bytes("x"));
      for (const key of ["missing", "folder", "folder/missing", "folder/object/below"]) {
        const missing = { code: "object_not_found" };
        await expect(store.get(key)).rejects.toMatchObject(missing);
        await expect(store.getRange(key, 0, 1)).rejects.toMatchObject(missing);
        await expect(store.stream(key)).rejects.toMatchObject(missing);
        await expect(store.localFile(key)).rejects.toMatchObject(missing);
        expect(await store.head(key)).toBeUndefined();
      }
    });

    test("get_range", async () => {
      const whole = bytes("0123456789");
      await store.put("digits", whole);
      const index = fc.integer({ min: 0, max: 14 });
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: -14, max: 14 }),
          fc.option(index, { nil: undefined }),
          async (start, end) => {
            const from = start < 0 ? Math.max(0, 10 + start) : start;
            expect(text(await store.getRange("digits", start, end))).toBe(
              text(whole).slice(from, Math.max(from, end ?? 10)),
            );
          },
        ),
        { numRuns: 40 },
      );
      expect(text(await store.getRange("digits", -3))).toBe("789");
      expect(text(await buffer(await store.stream("digits")))).toBe("0123456789");
      await store.put("empty", new Uint8Array());
      for (const [start, end] of [[0], [2], [-3], [-3, 2], [0, 4], [0, 0]] as const)
        expect((await store.getRange("empty", start, end)).length).toBe(0);
      expect((await store.get("empty")).length).toBe(0);
      expect((await buffer(await store.stream("empty"))).length).toBe(0);
      await expect(store.getRange("digits", 0.5)).rejects.toMatchObject({ code: "invalid_argument" });
    });

    test("list_is_ordered", async () => {
      const keys = ["a", "a.b", "a0", "b/c/d", "b/c.d", "b/\u{10000}", "b/\uff5e", "bc", "\u00e9/1", "z%2F/..x"];
      for (const key of [...keys].reverse()) await store.put(key, bytes(key));
      expect(await listed(store, "")).toEqual(utf8Sorted(keys));
      expect(await listed(store, "b")).toEqual(["b/c.d", "b/c/d", "b/\uff5e", "b/\u{10000}", "bc"]);
      expect(await listed(store, "b/")).toEqual(["b/c.d", "b/c/d", "b/\uff5e", "b/\u{10000}"]);
      expect(await listed(store, "b/c/")).toEqual(["b/c/d"]);
      expect(await listed(store, "nothing/here")).toEqual([]);
      for await (const info of store.list("b/c/")) {
        expect(info).toEqual(await store.head("b/c/d"));
        expect(info.size).toBe(5);
        expect(Math.abs(Date.now() - info.lastModified)).toBeLessThan(60_000);
      }
    });

    test("list_after", async () => {
      const keys = ["a/1", "a/2", "a/3/x", "a/3/y", "a/4", "b"];
      for (const key of keys) await store.put(key, bytes(key));
      expect(await listed(store, "a/", "a/2")).toEqual(["a/3/x", "a/3/y", "a/4"]);
      expect(await listed(store, "a/", "a/3/x")).toEqual(["a/3/y", "a/4"]);
      expect(await listed(store, "", "a/3/zz")).toEqual(["a/4", "b"]);
      expect(await listed(store, "", "b")).toEqual([]);
    });

    test("delete_is_idempotent", async () => {
      await store.put("folder/gone", bytes("x"));
      await store.delete("folder/gone");
      await store.delete("folder/gone");
      await store.delete("folder");
      await store.delete("never/was");
      expect(await store.head("folder/gone")).toBeUndefined();
      expect(await store.putIfAbsent("folder/gone", bytes("y"))).toBe(true);
    });

    test("local_file_reads_the_object", async () => {
      await store.put("a/b.parquet", bytes("rows"));
      await using local = await store.localFile("a/b.parquet");
      expect(await readFile(local.path, "utf8")).toBe("rows");
    });

    test("put_file_takes_over", async () => {
      await using staging = await store.stagingDirectory();
      await mkdir(join(staging.path, "sub"));
      await writeFile(join(staging.path, "sub", "file"), "new");
      await store.put("target", bytes("old"));
      await store.putFile("target", join(staging.path, "sub", "file"));
      expect(text(await store.get("target"))).toBe("new");
      await using local = await store.localFile("target");
      await store.putFile("copy", local.path);
      expect(text(await store.get("target"))).toBe("new");
      expect(text(await store.get("copy"))).toBe("new");
      expect(await listed(store, "")).toEqual(["copy", "target"]);
    });

    test("bad_keys_are_refused", async () => {
      const bad = [
        "",
        "/",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "a/../b",
        "./a",
        "a/.",
        "a\u0000b",
        "a\nb",
        "a\uffff",
        "\ud800",
        "k".repeat(2000),
      ];
      for (const key of [...bad, ".cinelake-x", "a/.cinelake-x/b"]) {
        const refused = { code: "invalid_argument" };
        await expect(store.put(key, bytes("x")), JSON.stringify(key)).rejects.toMatchObject(refused);
        await expect(store.putIfAbsent(key, bytes("x"))).rejects.toMatchObject(refused);
        await expect(store.putFile(key, "/nowhere")).rejects.toMatchObject(refused);
        await expect(store.get(key)).rejects.toMatchObject(refused);
        await expect(store.getRange(key, 0, 1)).rejects.toMatchObject(refused);
        await expect(store.stream(key)).rejects.toMatchObject(refused);
        await expect(store.head(key)).rejects.toMatchObject(refused);
        await expect(store.delete(key)).rejects.toMatchObject(refused);
        await expect(store.localFile(key)).rejects.toMatchObject(refused);
      }
      await expect(listed(store, "../")).rejects.toMatchObject({ code: "invalid_argument" });
      expect(await listed(store, "")).toEqual([]);
    });

    test("behaves like a map", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { maxLength: 25 }), async (operations) => {
          for (const key of await listed(store, "")) await store.delete(key);
          const model = new Map<string, string>();
          for (const [kind, key, value] of operations) {
            if (kind === "put") {
              await store.put(key, bytes(value));
              model.set(key, value);
            } else if (kind === "put_if_absent") {
              expect(await store.putIfAbsent(key, bytes(value))).toBe(!model.has(key));
              if (!model.has(key)) model.set(key, value);
            } else if (kind === "delete") {
              await store.delete(key);
              model.delete(key);
            } else {
              const after = utf8Sorted([...model.keys()]).filter((each) => Buffer.compare(bytes(each), bytes(key)) > 0);
              expect(await listed(store, "", key)).toEqual(after);
            }
          }
          expect(await listed(store, "")).toEqual(utf8Sorted([...model.keys()]));
          for (const [key, value] of model) expect(text(await store.get(key))).toBe(value);
        }),
        { numRuns: 25 },
      );
    });
  });
}

/** Keys none of which is a folder of another, with and without folders in common. */
const key = fc.constantFrom("a", "a.b", "d/a", "d/b/c", "d/b/d", "d/b!", "d!", "\u{1f3ac}/x", "\ufb01/x");
const operation = fc.tuple(
  fc.constantFrom("put", "put_if_absent", "delete", "list_after"),
  key,
  fc.string({ maxLength: 5 }),
);

function bytes(value: string): Uint8Array {
  return Buffer.from(value);
}

function text(value: Uint8Array): string {
  return Buffer.from(value).toString();
}

function utf8Sorted(keys: readonly string[]): string[] {
  return keys.toSorted((a, b) => Buffer.compare(bytes(a), bytes(b)));
}

async function listed(store: ObjectStore, prefix: string, startAfter?: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix, startAfter === undefined ? {} : { startAfter })) keys.push(key);
  return keys;
}
