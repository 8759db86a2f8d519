import { temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { createTable, openTable } from "@cinelake/delta";
import { counts, runWriter } from "../support/writers.ts";
import { keysBelow, openLake, struct } from "../support/tables.ts";

test("racing_processes_lose_nothing: contiguous versions, each row once, readers see whole states", async () => {
  await using directory = await temporaryDirectory();
  await using lake = await openLake(directory.path);
  const table = await createTable(
    { ...lake.context, path: "t" },
    { schema: struct({ writer: "string", "n!": "integer" }) },
  );
  const writers = ["a", "b", "c", "d"];
  const each = 20;
  const finished = Promise.all(writers.map((writer) => runWriter(directory.path, writer, each)));
  let reads = 0;
  for (let version = 0; version < writers.length * each; reads++) {
    const snapshot = await table.snapshot();
    ({ version } = snapshot);
    expect(snapshot.rowCount).toBe(version);
    await Promise.race([finished, new Promise((resolve) => setTimeout(resolve, 10))]);
  }
  const results = await finished;
  expect(results.map(({ committed }) => committed)).toEqual(
    writers.map(() => Array.from({ length: each }, (_, i) => i + 1)),
  );
  expect((await table.snapshot()).version).toBe(writers.length * each);
  expect((await keysBelow(lake.store, "t/_delta_log/0")).filter((key) => key.endsWith(".json")).length).toBe(
    writers.length * each + 1,
  );
  expect(await counts(lake)).toEqual(
    writers.map((writer) => ({ writer, rows: each, distinct_rows: each, last: each })),
  );
  expect(reads).toBeGreaterThan(3);
}, 60_000);

test("a_killed_writer_goes_on_where_it_stood: every row once, whatever it was doing", async () => {
  await using directory = await temporaryDirectory();
  await using lake = await openLake(directory.path);
  const configuration = { "delta.checkpointInterval": "2" };
  await createTable(
    { ...lake.context, path: "t" },
    { schema: struct({ writer: "string", "n!": "integer" }), configuration },
  );
  const moments = [
    "after putFile 1",
    "before putFile 2",
    "before putIfAbsent 2",
    "after putIfAbsent 2",
    "before put 1",
  ];
  const acknowledged: number[] = [];
  for (const moment of moments) {
    const { committed, signal } = await runWriter(directory.path, "a", 100, moment);
    expect(signal).toBe("SIGKILL");
    acknowledged.push(...committed);
  }
  const last = Math.max(...acknowledged) + 5;
  acknowledged.push(...(await runWriter(directory.path, "a", last)).committed);
  expect(new Set(acknowledged).size).toBe(acknowledged.length);
  expect(await counts(lake)).toEqual([{ writer: "a", rows: last, distinct_rows: last, last }]);
  expect((await (await openTable({ ...lake.context, path: "t" })).snapshot()).version).toBe(last);
}, 60_000);
