import { expect, test } from "vitest";
import { checksumOf, readHint, writeHint } from "../../src/log/hint.ts";
import { logKey } from "../support/logs.ts";
import { openLake } from "../support/tables.ts";

test("checksum_is_the_protocols: its own example", () => {
  const sample = `{"k0":"'v 0'", "checksum": "adsaskfljadfkjadfkj", "k1":{"k2": 2, "k3": ["v3", [1, 2], {"k4": "v4", "k5": ["v5", "v6", "v7"]}]}}`;
  expect(checksumOf(JSON.parse(sample) as object)).toBe("6a92d155a59bf2eecbd4b4ec7fd1f875");
  expect(checksumOf({ "b()": "!*é", a: null, c: undefined })).toBe(checksumOf({ a: null, "b()": "!*é" }));
});

test("a_hint_round_trips, and one that was altered is none", async () => {
  await using lake = await openLake();
  const last = { version: 7, size: 12, sizeInBytes: 345, numOfAddFiles: 9 };
  await writeHint(lake.store, "lake/t", last);
  expect(await readHint(lake.store, "lake/t")).toBe(7);
  const text = new TextDecoder().decode(await lake.store.get(logKey("_last_checkpoint")));
  expect(JSON.parse(text)).toEqual({ ...last, checksum: checksumOf(last) });
  await lake.store.put(
    logKey("_last_checkpoint"),
    new TextEncoder().encode(text.replace('"version":7', '"version":8')),
  );
  expect(await readHint(lake.store, "lake/t")).toBeUndefined();
});

test.each([
  ['{"version":3,"size":1}', 3],
  ['{"version":-1,"size":1}', undefined],
  ['{"version":1.5}', undefined],
  ['{"version":"3"}', undefined],
  ["[]", undefined],
  ["null", undefined],
  ["", undefined],
  ['{"version":3', undefined],
])("a_hint_of_any_other_form_is_none: %s", async (text, expected) => {
  await using lake = await openLake();
  await lake.store.put(logKey("_last_checkpoint"), new TextEncoder().encode(text));
  expect(await readHint(lake.store, "lake/t")).toBe(expected);
});
