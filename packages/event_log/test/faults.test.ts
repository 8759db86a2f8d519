import * as fs from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import type { Disk } from "../src/disk.ts";
import { openFileLog } from "../src/file_log.ts";
import { openEventLog } from "../src/index.ts";
import { readPartition, valueOf } from "./records.ts";

type Step = "write" | "datasync" | "truncate" | "sync" | "open" | "none";

/** A disk on which the step that `next()` names fails: a write after half of its bytes are out, a sync after all of them. */
function brokenDisk(next: (step: Step) => string | undefined): Disk {
  const check = (step: Step): void => {
    const code = next(step);
    if (code) throw Object.assign(new Error(`${code}: injected`), { code });
  };
  return {
    ...fs,
    async open(path, flags, mode) {
      check("open");
      const file = await fs.open(path, flags, mode);
      const { datasync, sync, truncate } = file;
      const write = file.write.bind(file) as (
        bytes: Buffer,
        from: number,
        length: number,
        at: number,
      ) => Promise<unknown>;
      file.write = (async (bytes: Buffer, from: number, length: number, position: number) => {
        try {
          check("write");
        } catch (error) {
          await write(bytes, from, length >> 1, position);
          throw error;
        }
        return await write(bytes, from, length, position);
      }) as typeof file.write;
      file.datasync = async () => {
        await datasync.call(file);
        check("datasync");
      };
      file.sync = async () => {
        await sync.call(file);
        check("sync");
      };
      file.truncate = async (length) => {
        check("truncate");
        await truncate.call(file, length);
      };
      return file;
    },
  };
}

test("whatever fails on the disk, what was acknowledged is there once, in order, before and after a restart", async () => {
  const step = fc.constantFrom<Step>("write", "datasync", "truncate", "sync", "open", "none");
  const segmentThatFailsToBegin = [1, 2, 4, 1, 3, 1].map((records, round) => ({
    faults: round === 4 ? (["sync"] as Step[]) : [],
    records,
  }));
  const turn = fc.record({ faults: fc.array(step, { maxLength: 3 }), records: fc.integer({ min: 1, max: 4 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { minLength: 1, maxLength: 12 }), async (turns) => {
      await using folder = await temporaryDirectory();
      let faults: Step[] = [];
      const disk = brokenDisk((step) => {
        if (faults[0] !== step) return undefined;
        faults.shift();
        return "EIO";
      });
      await using log = await openFileLog(folder.path, { disk, segmentBytes: 300 });
      await log.createTopics([{ name: "t", partitions: 1 }]);
      const acknowledged = new Map<number, string>();
      for (const [round, turn] of turns.entries()) {
        faults = turn.faults.filter((fault) => fault !== "none");
        const values = Array.from({ length: turn.records }, (_, index) => `${round}.${index}`);
        const records = values.map((value) => ({ key: "k", value: Buffer.from(value) }));
        try {
          for (const [index, { offset }] of (await log.append("t", records)).entries())
            acknowledged.set(offset, values[index]!);
        } catch (error) {
          expect(error).toMatchObject({ code: "log_unavailable" });
        }
        faults = [];
        const visible = (await readPartition(log, "t")).map((record) => [record.offset, valueOf(record)]);
        expect(visible).toEqual([...acknowledged]);
      }
      await using again = await openEventLog(folder.path);
      const stored = (await readPartition(again, "t")).map((record) => [record.offset, valueOf(record)]);
      expect(stored.slice(0, acknowledged.size)).toEqual([...acknowledged]);
    }),
    { numRuns: 30, examples: [[segmentThatFailsToBegin]] },
  );
});

test("a full disk fails with disk_full and harms nothing; once there is room, appends go on", async () => {
  await using folder = await temporaryDirectory();
  let isFull = false;
  const disk = brokenDisk((step) => (isFull && step === "write" ? "ENOSPC" : undefined));
  await using log = await openFileLog(folder.path, { disk });
  await log.createTopics([{ name: "t", partitions: 1 }]);
  const append = (value: string): Promise<unknown> => log.append("t", [{ key: "k", value: Buffer.from(value) }]);
  await append("before");
  isFull = true;
  await expect(Promise.all([append("lost"), append("lost")])).rejects.toMatchObject({ code: "disk_full" });
  const file = join(folder.path, "t/0/00000000000000000000.log");
  const { size } = await fs.stat(file);
  isFull = false;
  await append("after");
  expect((await readPartition(log, "t")).map(valueOf)).toEqual(["before", "after"]);
  expect(size).toBeLessThan((await fs.stat(file)).size);
});

test("offsets that could not be committed are not committed", async () => {
  await using folder = await temporaryDirectory();
  let isFull = false;
  const disk = brokenDisk((step) => (isFull && step === "sync" ? "ENOSPC" : undefined));
  await using log = await openFileLog(folder.path, { disk });
  await log.createTopics([{ name: "t", partitions: 1 }]);
  await log.append("t", [{ key: "k", value: Buffer.from("x") }]);
  await using consumer = await log.consumer({ group: "g", topics: ["t"] });
  await consumer.poll({ maxRecords: 1, maxWaitMs: 1000 });
  isFull = true;
  await expect(consumer.commit(new Map([["t/0", 1]]))).rejects.toMatchObject({ code: "disk_full" });
  expect(await log.committed("g", ["t"])).toEqual(new Map());
  isFull = false;
  await consumer.commit(new Map([["t/0", 1]]));
  expect(await fs.readdir(join(folder.path, ".groups"))).toEqual(["g.json"]);
});

test("a record is neither acknowledged nor readable before the disk has confirmed it", async () => {
  await using folder = await temporaryDirectory();
  const confirm = Promise.withResolvers<void>();
  const disk: Disk = {
    ...fs,
    async open(path, flags, mode) {
      const file = await fs.open(path, flags, mode);
      const datasync = file.datasync.bind(file);
      file.datasync = async () => {
        await confirm.promise;
        await datasync();
      };
      return file;
    },
  };
  await using log = await openFileLog(folder.path, { disk });
  await log.createTopics([{ name: "t", partitions: 1 }]);
  let isAcknowledged = false;
  const appending = log.append("t", [{ key: "k", value: Buffer.from("x") }]).then(() => (isAcknowledged = true));
  const reading = log.read({ topic: "t", partition: 0, offset: 0 }, { maxRecords: 1, maxWaitMs: 100 });
  expect(await reading).toEqual([]);
  expect(isAcknowledged).toBe(false);
  confirm.resolve();
  await appending;
  expect(await readPartition(log, "t")).toHaveLength(1);
});
