import * as fs from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { openEventLog } from "../src/index.ts";
import { expiredSegments } from "../src/retention.ts";
import { readPartition } from "./records.ts";

test("no record that is young enough or among the newest bytes is dropped, nor the segment being written, and no more is kept than needed", () => {
  const segment = fc.record({ size: fc.integer({ min: 1, max: 50 }), step: fc.nat(50) });
  const limit = fc.option(fc.nat(300), { nil: undefined });
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1, maxLength: 8 }), limit, limit, (parts, bytes, ageMs) => {
      let time = 0;
      const segments = parts.map(({ size, step }) => ({ size, firstTimestamp: (time += step) }));
      const now = time + 20;
      const dropped = expiredSegments(segments, { bytes, ageMs }, now);
      expect(dropped).toBeLessThan(segments.length);
      if (bytes === undefined && ageMs === undefined) expect(dropped).toBe(0);
      const tooOld = (index: number): boolean =>
        ageMs !== undefined && segments[index + 1]!.firstTimestamp <= now - ageMs;
      const keptAfter = (index: number): number => segments.slice(index + 1).reduce((sum, { size }) => sum + size, 0);
      const tooMuch = (index: number): boolean => bytes !== undefined && keptAfter(index) >= bytes;
      for (let index = 0; index < segments.length - 1; index++) {
        expect(index < dropped).toBe(tooOld(index) || tooMuch(index));
      }
    }),
  );
});

test("old segments go while the log is written and when it is opened; reading what is gone fails", async () => {
  await using folder = await temporaryDirectory();
  let now = 1_000_000;
  const options = { now: () => now, segmentBytes: 500, retention: { ageMs: 1000, topics: { kept: {} } } };
  {
    await using log = await openEventLog(folder.path, options);
    await log.createTopics(["t", "kept"].map((name) => ({ name, partitions: 1 })));
    for (let index = 0; index < 100; index++, now += 100) {
      for (const topic of ["t", "kept"]) await log.append(topic, [{ key: "k", value: Buffer.alloc(50) }]);
    }
    const { first, next } = await log.offsets(["t", "kept"]);
    expect(next).toEqual(
      new Map([
        ["t/0", 100],
        ["kept/0", 100],
      ]),
    );
    expect(first.get("kept/0")).toBe(0);
    expect(first.get("t/0")).toBeGreaterThan(75);
    expect(first.get("t/0")).toBeLessThanOrEqual(90);
    const gone = { code: "log_offset_out_of_range", message: expect.stringContaining("no longer kept") };
    await expect(log.read({ topic: "t", partition: 0, offset: 0 }, { maxRecords: 1 })).rejects.toMatchObject(gone);
    expect((await readPartition(log, "t")).map(({ offset }) => offset).at(-1)).toBe(99);
    await using consumer = await log.consumer({ group: "g", topics: ["t"] });
    const [record] = await consumer.poll({ maxRecords: 1, maxWaitMs: 1000 });
    expect(record!.offset, "a new group starts at the first kept record").toBe(first.get("t/0"));
  }
  now += 10_000;
  await using log = await openEventLog(folder.path, options);
  expect(await fs.readdir(join(folder.path, "t/0"))).toHaveLength(2);
  expect((await log.append("t", [{ key: "k", value: Buffer.alloc(1) }]))[0]!.offset).toBe(100);
});
