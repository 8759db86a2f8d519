import { temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { createTable, openTable } from "@cinelake/delta";
import { keysBelow, openLake, struct } from "../support/tables.ts";
import { counts, runWriter } from "../support/writers.ts";

const SECONDS = 60;

test("eight_processes_commit_for_a_minute: versions contiguous, nothing lost, no torn read", async () => {
  await using directory = await temporaryDirectory();
  await using lake = await openLake(directory.path);
  const context = { ...lake.context, path: "t" };
  const table = await createTable(context, { schema: struct({ writer: "string", "n!": "integer" }) });
  const writers = ["a", "b", "c", "d", "e", "f", "g", "h"];
  const writing = { isOver: false };
  const finished = Promise.all(
    writers.map((writer) => runWriter(directory.path, writer, 1_000_000, "", SECONDS)),
  ).finally(() => (writing.isOver = true));
  let [reads, last] = [0, 0];
  while (!writing.isOver) {
    // A reader that knows nothing and one that refreshes must both see whole versions, each with one row more.
    for (const reader of [table, await openTable(context)]) {
      const snapshot = await reader.snapshot();
      expect(snapshot.rowCount).toBe(snapshot.version);
      expect(snapshot.version).toBeGreaterThanOrEqual(last);
      last = snapshot.version;
      reads++;
    }
  }
  const committed = (await finished).map((result) => result.committed);
  for (const numbers of committed) expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  const total = committed.reduce((sum, numbers) => sum + numbers.length, 0);
  expect((await table.snapshot()).version).toBe(total);
  const versions = (await keysBelow(lake.store, "t/_delta_log/0")).filter((key) => key.endsWith(".json"));
  expect(versions.length).toBe(total + 1);
  expect(await counts(lake)).toEqual(
    writers.map((writer, index) => {
      const rows = committed[index]!.length;
      return { writer, rows, distinct_rows: rows, last: rows };
    }),
  );
  process.stdout.write(`${total} commits of ${writers.length} processes, ${reads} reads beside them\n`);
}, 180_000);
