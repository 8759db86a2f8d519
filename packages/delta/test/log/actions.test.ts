import * as fc from "fast-check";
import { expect, test } from "vitest";
import { fileKey, fileUri, formatCommit, parseCommit, physicalPath } from "../../src/log/actions.ts";
import { intervalMillis } from "../../src/log/retention.ts";

test("file_uri_round_trips: any physical path, also one that is percent-encoded already", () => {
  const segment = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) => !text.includes("/"));
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1, maxLength: 3 }), (segments) => {
      const path = segments.join("/");
      expect(physicalPath(fileUri(path))).toBe(path);
      expect(fileUri(path)).toMatch(/^[A-Za-z0-9\-_.!~*'()%=/]*$/);
    }),
  );
  expect(fileUri("p=a%20b/part-1.parquet")).toBe("p=a%2520b/part-1.parquet");
});

test("one_file_has_one_key: however its URI spells it", () => {
  expect(fileKey({ path: "file:///a/b%20c" })).toBe(fileKey({ path: "/a/b c" }));
  expect(fileKey({ path: "file:/a" })).toBe(fileKey({ path: "/a" }));
  const vector = { storageType: "u", pathOrInlineDv: "x", offset: 1 };
  expect(fileKey({ path: "a", deletionVector: vector })).not.toBe(fileKey({ path: "a" }));
});

test("commit_round_trips, and unknown actions are of no consequence", () => {
  const actions = [
    { commitInfo: { operation: "WRITE" } },
    { add: { path: "é\n", partitionValues: {}, size: 1, modificationTime: 1, dataChange: true } },
  ];
  expect(parseCommit(formatCommit(actions), "k")).toEqual(actions);
  expect(parseCommit(new TextEncoder().encode('{"later":{}}\n\n'), "k")).toEqual([{ later: {} }]);
});

test("torn_commit_is_named", () => {
  expect(() => parseCommit(new TextEncoder().encode('{"add":{}}\n{"rem'), "t/_delta_log/1.json")).toThrow(
    /Line 2 of t\/_delta_log\/1.json/,
  );
  expect(() => physicalPath("a%zz")).toThrow(/percent-encoded/);
});

test.each([
  ["interval 1 week", 604_800_000],
  ["interval 30 days", 30 * 86_400_000],
  ["2 hours", 7_200_000],
  ["INTERVAL 1 day 12 hours", 36 * 3_600_000],
  ["interval 0 seconds", 0],
  [undefined, undefined],
  ["for ever", undefined],
  ["interval 3 days and more", undefined],
])("interval: %s", (text, expected) => {
  expect(intervalMillis(text)).toBe(expected);
});
