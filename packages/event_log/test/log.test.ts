import * as fs from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory } from "@cinelake/testkit";
import { expect, test, vi } from "vitest";
import { openEventLog, tailLog, type LogRecord } from "../src/index.ts";
import { readPartition } from "./records.ts";

const value = new Uint8Array(1);

test("unknown schemes, folders that cannot be used, and bad names are refused", async () => {
  await using folder = await temporaryDirectory();
  await fs.writeFile(join(folder.path, "file"), "");
  for (const url of ["amqp://x", "relative", "", join(folder.path, "file"), join(folder.path, "file/below")]) {
    await expect(openEventLog(url), url).rejects.toMatchObject({ code: "config_invalid" });
  }
  for (const url of [
    "kafka://",
    "kafka://host:0",
    "kafka://host:99999",
    "kafka://a,,b",
    "kafka://user:secret@host",
    "kafka://host/x",
  ]) {
    await expect(openEventLog(url), url).rejects.toMatchObject({ code: "config_invalid" });
  }
  await using log = await openEventLog(join(folder.path, "log"));
  const refused = { code: "invalid_argument" };
  for (const name of ["", ".", "..", "a/b", ".groups", "x".repeat(250), "a\n"]) {
    await expect(log.createTopics([{ name, partitions: 1 }]), name).rejects.toMatchObject(refused);
  }
  for (const partitions of [0, -1, 1.5, 5000]) {
    await expect(log.createTopics([{ name: "t", partitions }])).rejects.toMatchObject(refused);
  }
  await log.createTopics([{ name: "t", partitions: 1 }]);
  await expect(log.consumer({ group: "../g", topics: ["t"] })).rejects.toMatchObject(refused);
  await expect(log.append("t", [{ key: "\ud800", value }])).rejects.toMatchObject(refused);
  await expect(log.append("t", [{ key: "k", value: new Uint8Array(1_000_001) }])).rejects.toMatchObject({
    code: "payload_too_large",
  });
  expect((await log.offsets(["t"])).next.get("t/0")).toBe(0);
});

test("closing lets appends finish, ends waiting reads and refuses what comes later", async () => {
  await using folder = await temporaryDirectory();
  const log = await openEventLog(folder.path);
  await log.createTopics([{ name: "t", partitions: 1 }]);
  const closed = { code: "log_unavailable" };
  const waiting = expect(
    log.read({ topic: "t", partition: 0, offset: 0 }, { maxRecords: 1, maxWaitMs: 60_000 }),
  ).rejects.toMatchObject(closed);
  const bulk = Array.from({ length: 30 }, () => ({ key: "k", value: new Uint8Array(200_000) }));
  const appending = [log.append("t", bulk), log.append("t", [{ key: "k", value }])];
  await Promise.resolve();
  const closing = log[Symbol.asyncDispose]();
  const places = (await Promise.all(appending)).flat();
  await closing;
  await log[Symbol.asyncDispose]();
  await expect(log.append("t", [{ key: "k", value }])).rejects.toMatchObject(closed);
  await expect(log.consumer({ group: "g", topics: ["t"] })).rejects.toMatchObject(closed);
  await expect(log.read({ topic: "t", partition: 0, offset: 0 }, { maxRecords: 1 })).rejects.toMatchObject(closed);
  await using again = await openEventLog(folder.path);
  const stored = await readPartition(again, "t");
  expect(stored).toHaveLength(31);
  for (const [index, { offset }] of places.entries())
    expect(stored[offset]!.value.length).toBe(bulk[index]?.value.length ?? 1);
  await waiting;
});

test("readers go on undisturbed while segments are finished and dropped under them", async () => {
  await using folder = await temporaryDirectory();
  await using log = await openEventLog(folder.path, { segmentBytes: 2000, retention: { bytes: 100_000 } });
  await log.createTopics([{ name: "t", partitions: 1 }]);
  const write = async (): Promise<void> => {
    for (let index = 0; index < 300; index++) await log.append("t", [{ key: "k", value: Buffer.alloc(100, index) }]);
  };
  const read = async (): Promise<void> => {
    for (let offset = 0; offset < 300;) {
      const records = await log.read({ topic: "t", partition: 0, offset }, { maxRecords: 20, maxWaitMs: 50 });
      for (const record of records) expect([record.offset, record.value[0]]).toEqual([offset, offset++ % 256]);
    }
  };
  await Promise.all([write(), read(), read(), read()]);
});

test("a tail has a record within 20 ms of its append, waits without polling, and ends with an error of its user", async () => {
  await using folder = await temporaryDirectory();
  await using log = await openEventLog(folder.path);
  await log.createTopics([{ name: "t", partitions: 12 }]);
  const delays: number[] = [];
  const stop = new AbortController();
  const onRecords = async (records: LogRecord[]): Promise<void> => {
    for (const record of records) delays.push(performance.now() - Number(Buffer.from(record.value).toString()));
  };
  const tailing = tailLog(log, { topics: ["t"], from: new Map(), onRecords, signal: stop.signal });
  for (let index = 0; index < 50; index++) {
    await log.append("t", [{ key: String(index), value: Buffer.from(String(performance.now())) }]);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await vi.waitFor(() => expect(delays).toHaveLength(50));
  stop.abort();
  const offsets = await tailing;
  expect([...offsets.values()].reduce((sum, next) => sum + next)).toBe(50);
  expect(delays.toSorted((a, b) => a - b)[25]).toBeLessThan(20);

  const failing = tailLog(log, {
    topics: ["t"],
    from: new Map(),
    onRecords: () => Promise.reject(new Error("mine")),
    signal: AbortSignal.timeout(20_000),
  });
  await expect(failing).rejects.toThrow("mine");
  const ahead = tailLog(log, {
    topics: ["t"],
    from: new Map([["t/0", 999]]),
    onRecords,
    signal: AbortSignal.timeout(20_000),
  });
  await expect(ahead).rejects.toMatchObject({ code: "log_offset_out_of_range" });
});
