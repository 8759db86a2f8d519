import { expect, test } from "vitest";
import { classifyLog, planSegment } from "../../src/log/segment.ts";

const commit = (version: number): string => `${String(version).padStart(20, "0")}.json`;
const checkpoint = (version: number, part?: number, parts?: number): string => {
  const pad = (n: number): string => String(n).padStart(10, "0");
  return `${String(version).padStart(20, "0")}.checkpoint${part ? `.${pad(part)}.${pad(parts!)}` : ""}.parquet`;
};
const v2 = (version: number, format: "json" | "parquet" = "json"): string =>
  `${String(version).padStart(20, "0")}.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.${format}`;
const compacted = (from: number, to: number): string =>
  `${String(from).padStart(20, "0")}.${String(to).padStart(20, "0")}.compacted.json`;
const commits = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => commit(from + index));

function plan(names: readonly string[], version?: number): unknown {
  const files = names.map((name, index) => ({
    key: `t/_delta_log/${name.replace("empty:", "")}`,
    size: name.startsWith("empty:") ? 0 : 10,
    lastModified: 100 + index,
  }));
  try {
    const segment = planSegment(classifyLog(files), "t", version);
    return (
      segment && [
        segment.version,
        segment.checkpoint?.version,
        segment.checkpoint?.keys.length,
        ...segment.entries.map(({ key }) =>
          key
            .match(/\d{20}/g)!
            .map(Number)
            .join("-"),
        ),
      ]
    );
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const range = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

test.each<[string, string[], number | undefined, unknown]>([
  ["nothing", [], undefined, undefined],
  [
    "names of other forms",
    ["x.json", `${commit(0)}.tmp`, `.${commit(0)}`, "0.json", "_last_checkpoint"],
    undefined,
    undefined,
  ],
  ["commits only", [commit(0), commit(1)], undefined, [1, undefined, undefined, "0", "1"]],
  ["unordered listing", [commit(1), commit(0)], undefined, [1, undefined, undefined, "0", "1"]],
  ["an older version", [commit(0), commit(1)], 0, [0, undefined, undefined, "0"]],
  ["a version to come", [commit(0)], 1, "delta_version_not_found"],
  ["a checkpoint", [commit(0), commit(1), checkpoint(1), commit(2)], undefined, [2, 1, 1, "2"]],
  ["a checkpoint that is the latest", [checkpoint(1)], undefined, [1, 1, 1]],
  ["the newest of two checkpoints", [checkpoint(1), commit(2), checkpoint(2), commit(3)], undefined, [3, 2, 1, "3"]],
  ["a version before the checkpoint", [commit(0), commit(1), checkpoint(1)], 0, [0, undefined, undefined, "0"]],
  ["a version that was cleaned up", [checkpoint(1), commit(2)], 0, "delta_version_not_found"],
  ["a whole checkpoint of parts", [checkpoint(1, 1, 2), checkpoint(1, 2, 2), commit(2)], undefined, [2, 1, 2, "2"]],
  ["a part missing", [commit(0), commit(1), checkpoint(1, 1, 2)], undefined, [1, undefined, undefined, "0", "1"]],
  [
    "an empty checkpoint",
    [commit(0), commit(1), `empty:${checkpoint(1)}`],
    undefined,
    [1, undefined, undefined, "0", "1"],
  ],
  ["a commit missing", [commit(0), commit(2)], undefined, "delta_corrupt"],
  ["a commit missing after a checkpoint", [checkpoint(1), commit(3)], undefined, "delta_corrupt"],
  ["the first commit missing", [commit(1)], undefined, "delta_corrupt"],
  ["a V2 checkpoint", [v2(2), commit(3)], undefined, [3, 2, 1, "3"]],
  ["only a V2 checkpoint", [v2(2, "parquet")], undefined, [2, 2, 1]],
  ["a JSON checkpoint without its UUID", [`${commit(1).replace(".json", ".checkpoint.json")}`], undefined, undefined],
  ["a compaction", [...commits(0, 4), compacted(1, 3)], undefined, [4, undefined, undefined, "0", "1-3", "4"]],
  [
    "the fewest of overlapping compactions",
    [...commits(0, 9), compacted(0, 5), compacted(0, 2), compacted(3, 9), compacted(5, 9)],
    undefined,
    [9, undefined, undefined, "0-2", "3-9"],
  ],
  [
    "a compaction beyond the wanted version",
    [...commits(0, 4), compacted(1, 3)],
    2,
    [2, undefined, undefined, ...range(0, 2)],
  ],
  [
    "a compaction up to the wanted version",
    [...commits(0, 4), compacted(1, 3)],
    3,
    [3, undefined, undefined, "0", "1-3"],
  ],
  [
    "a compaction that begins before the checkpoint",
    [...commits(0, 4), checkpoint(2), compacted(1, 4)],
    undefined,
    [4, 2, 1, "3", "4"],
  ],
  ["a compaction makes no version", [commit(0), compacted(0, 7)], undefined, [0, undefined, undefined, "0"]],
  ["a compaction hides no lost commit", [commit(0), commit(2), commit(3), compacted(1, 2)], undefined, "delta_corrupt"],
  [
    "an empty compaction",
    [...commits(0, 2), `empty:${compacted(0, 2)}`],
    undefined,
    [2, undefined, undefined, ...range(0, 2)],
  ],
  [
    "a compaction from back to front",
    [...commits(0, 2), compacted(2, 1)],
    undefined,
    [2, undefined, undefined, ...range(0, 2)],
  ],
])("segment_is_what_must_be_read: %s", (_name, names, version, expected) => {
  expect(plan(names, version)).toEqual(expected);
});

test("a_version_that_was_cleaned_away_says_what_is_left", () => {
  const listing = classifyLog(
    [checkpoint(4), commit(4), commit(5)].map((name) => ({ key: `t/_delta_log/${name}`, size: 1, lastModified: 0 })),
  );
  expect(() => planSegment(listing, "t", 3)).toThrow(/can be read from version 4 on/);
  expect(() => planSegment(listing, "t", 6)).toThrow(/the latest is 5/);
});

test("an_unusable_file_is_planned_around", () => {
  const files = [...commits(0, 3), checkpoint(1), checkpoint(2), compacted(1, 3)].map((name) => ({
    key: name,
    size: 1,
    lastModified: 0,
  }));
  const without = (...unusable: string[]) => planSegment(classifyLog(files), "t", 3, new Set(unusable))!;
  expect(without().checkpoint?.version).toBe(2);
  expect(without(checkpoint(2)).checkpoint?.version).toBe(1);
  const { checkpoint: none, entries } = without(checkpoint(2), checkpoint(1));
  expect([none, entries.map(({ isCompaction }) => isCompaction)]).toEqual([undefined, [false, true]]);
  expect(without(checkpoint(2), checkpoint(1), compacted(1, 3)).entries.length).toBe(4);
});
