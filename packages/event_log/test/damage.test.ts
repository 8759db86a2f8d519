import * as fs from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { openEventLog, type EventLogOptions } from "../src/index.ts";
import { readPartition, valueOf } from "./records.ts";

/** A closed log of one partition with records "0" .. "4", each in a frame of its own; `abandoned` as by a crash. */
async function fiveRecords(path: string, options: EventLogOptions & { abandoned?: boolean } = {}): Promise<string> {
  await using log = await openEventLog(path, options);
  await log.createTopics([{ name: "t", partitions: 1 }]);
  for (let index = 0; index < 5; index++) {
    await log.append("t", [{ key: "k", value: Buffer.from(String(index)), headers: { h: "x" } }]);
  }
  await log[Symbol.asyncDispose]();
  if (options.abandoned) await fs.rm(join(path, "t/0/checkpoint.json"));
  return join(path, "t/0");
}

/** Frames of `fiveRecords` are all of this size. */
const FRAME = 32 + 4 + 6 + 1 + 8 + 1;

test("an append cut short at any byte, or followed by garbage, is gone at the next start; all before it stay", async () => {
  await using folder = await temporaryDirectory();
  const file = join(await fiveRecords(folder.path, { abandoned: true }), "00000000000000000000.log");
  const whole = await fs.readFile(file);
  expect(whole.length).toBe(5 * FRAME);
  const garbage = [Buffer.alloc(0), Buffer.alloc(100), Buffer.from("CLF1CLF1 some text that is longer than a header")];
  for (let length = 4 * FRAME; length < 5 * FRAME; length++) {
    for (const tail of garbage) {
      await fs.writeFile(file, Buffer.concat([whole.subarray(0, length), tail]));
      const cuts: { position: number; bytes: number }[] = [];
      await using log = await openEventLog(folder.path, { onCut: (cut) => cuts.push(cut) });
      const bytes = length - 4 * FRAME + tail.length;
      expect(cuts).toEqual(bytes === 0 ? [] : [{ path: file, position: 4 * FRAME, bytes }]);
      expect((await log.append("t", [{ key: "k", value: Buffer.from("new") }]))[0]!.offset).toBe(4);
      expect((await readPartition(log, "t")).map(valueOf)).toEqual(["0", "1", "2", "3", "new"]);
      await log[Symbol.asyncDispose]();
      await fs.rm(join(folder.path, "t/0/checkpoint.json"));
    }
  }
});

test("a changed byte in the middle of the last segment stops the start and is named", async () => {
  await using folder = await temporaryDirectory();
  const file = join(await fiveRecords(folder.path, { abandoned: true }), "00000000000000000000.log");
  const whole = await fs.readFile(file);
  await fc.assert(
    fc.asyncProperty(fc.nat(4 * FRAME - 1), fc.integer({ min: 1, max: 255 }), async (position, change) => {
      const damaged = Buffer.from(whole);
      damaged[position]! ^= change;
      await fs.writeFile(file, damaged);
      const details = { path: file, position: Math.floor(position / FRAME) * FRAME };
      await expect(openEventLog(folder.path)).rejects.toMatchObject({ code: "log_corrupt", details });
      expect((await fs.readFile(file)).equals(damaged), "the file is left as it was").toBe(true);
    }),
    { numRuns: 60 },
  );
});

test("a changed byte in a finished segment fails the read that meets it, and is named", async () => {
  await using folder = await temporaryDirectory();
  const file = join(await fiveRecords(folder.path, { segmentBytes: 3 * FRAME }), "00000000000000000000.log");
  const whole = await fs.readFile(file);
  expect(whole.length).toBe(3 * FRAME);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (position, change) => {
      const damaged = Buffer.from(whole);
      damaged[position]! ^= change;
      await fs.writeFile(file, damaged);
      await using log = await openEventLog(folder.path);
      const details = { path: file, position: Math.floor(position / FRAME) * FRAME };
      await expect(readPartition(log, "t")).rejects.toMatchObject({ code: "log_corrupt", details });
      expect((await log.read({ topic: "t", partition: 0, offset: 3 }, { maxRecords: 9 })).map(valueOf)).toEqual([
        "3",
        "4",
      ]);
    }),
    { numRuns: 40 },
  );
});

test("after an orderly close a lost tail, a lost segment and a lost list of topics are damage", async () => {
  for (const spoil of [
    (folder: string) => fs.truncate(join(folder, "00000000000000000003.log"), FRAME),
    (folder: string) => fs.rm(join(folder, "00000000000000000003.log")),
    (folder: string) => fs.rm(join(folder, "../../topics.json")),
    (folder: string) => fs.writeFile(join(folder, "../../topics.json"), "{"),
    (folder: string) => fs.writeFile(join(folder, "../../topics.json"), `{"version":2,"topics":{}}`),
  ]) {
    await using folder = await temporaryDirectory();
    await spoil(await fiveRecords(folder.path, { segmentBytes: 3 * FRAME }));
    await expect(openEventLog(folder.path), String(spoil)).rejects.toMatchObject({ code: "log_corrupt" });
  }
  await using folder = await temporaryDirectory();
  await fs.rm(join(await fiveRecords(folder.path, { segmentBytes: 2 * FRAME }), "00000000000000000002.log"));
  await using log = await openEventLog(folder.path);
  await expect(readPartition(log, "t")).rejects.toMatchObject({ code: "log_corrupt" });
});
