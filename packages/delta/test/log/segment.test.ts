import { expect, test } from "vitest";
import { classifyLog, planSegment } from "../../src/log/segment.ts";

const commit = (version: number): string => `${String(version).padStart(20, "0")}.json`;
const checkpoint = (version: number, part?: number, parts?: number): string => {
  const pad = (n: number): string => String(n).padStart(10, "0");
  return `${String(version).padStart(20, "0")}.checkpoint${part ? `.${pad(part)}.${pad(parts!)}` : ""}.parquet`;
};
const v2 = `${String(2).padStart(20, "0")}.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json`;

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
        ...segment.commits.map((c) => c.version),
      ]
    );
  } catch (error) {
    return (error as { code: string }).code;
  }
}

test.each<[string, string[], number | undefined, unknown]>([
  ["nothing", [], undefined, undefined],
  [
    "names of other forms",
    ["x.json", `${commit(0)}.tmp`, `.${commit(0)}`, "0.json", "_last_checkpoint"],
    undefined,
    undefined,
  ],
  ["commits only", [commit(0), commit(1)], undefined, [1, undefined, undefined, 0, 1]],
  ["unordered listing", [commit(1), commit(0)], undefined, [1, undefined, undefined, 0, 1]],
  ["an older version", [commit(0), commit(1)], 0, [0, undefined, undefined, 0]],
  ["a version to come", [commit(0)], 1, "delta_version_not_found"],
  ["a checkpoint", [commit(0), commit(1), checkpoint(1), commit(2)], undefined, [2, 1, 1, 2]],
  ["a checkpoint that is the latest", [checkpoint(1)], undefined, [1, 1, 1]],
  ["the newest of two checkpoints", [checkpoint(1), commit(2), checkpoint(2), commit(3)], undefined, [3, 2, 1, 3]],
  ["a version before the checkpoint", [commit(0), commit(1), checkpoint(1)], 0, [0, undefined, undefined, 0]],
  ["a version that was cleaned up", [checkpoint(1), commit(2)], 0, "delta_version_not_found"],
  ["a whole checkpoint of parts", [checkpoint(1, 1, 2), checkpoint(1, 2, 2), commit(2)], undefined, [2, 1, 2, 2]],
  ["a part missing", [commit(0), commit(1), checkpoint(1, 1, 2)], undefined, [1, undefined, undefined, 0, 1]],
  ["an empty checkpoint", [commit(0), commit(1), `empty:${checkpoint(1)}`], undefined, [1, undefined, undefined, 0, 1]],
  ["a commit missing", [commit(0), commit(2)], undefined, "delta_corrupt"],
  ["a commit missing after a checkpoint", [checkpoint(1), commit(3)], undefined, "delta_corrupt"],
  ["the first commit missing", [commit(1)], undefined, "delta_corrupt"],
  ["a V2 checkpoint that is needed", [v2, commit(3)], undefined, "delta_unsupported"],
  ["only a V2 checkpoint", [v2], undefined, "delta_unsupported"],
  ["a V2 checkpoint that is not needed", [commit(0), v2], undefined, [0, undefined, undefined, 0]],
])("segment_is_what_must_be_read: %s", (_name, names, version, expected) => {
  expect(plan(names, version)).toEqual(expected);
});
