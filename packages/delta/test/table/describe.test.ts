import { expect, test } from "vitest";
import { createTable } from "@cinelake/delta";
import { openLake, struct } from "../support/tables.ts";

test("a_table_describes_itself", async () => {
  await using lake = await openLake();
  const schema = struct({ "id!": "long", p: "string" });
  const table = await createTable(
    { ...lake.context, now: () => 1_700_000_000_000 },
    { schema, partitionColumns: ["p"], name: "t", description: "d", configuration: { "delta.appendOnly": "true" } },
  );
  const created = await table.describe();
  expect(created).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
    name: "t",
    description: "d",
    location: "memory:/lake/t",
    version: 0,
    createdAt: 1_700_000_000_000,
    lastModified: (await table.snapshot()).timestamp,
    schema,
    partitionColumns: ["p"],
    properties: { "delta.appendOnly": "true" },
    minReaderVersion: 1,
    minWriterVersion: 2,
    features: ["appendOnly", "invariants"],
    files: 0,
    bytes: 0,
    rows: 0,
  });
  await table.append({
    rows: [
      { id: 1, p: "x" },
      { id: 2, p: "y" },
      { id: 3, p: "y" },
    ],
  });
  const { files, bytes, rows, version } = await table.describe();
  expect([files, rows, version]).toEqual([2, 3, 1]);
  expect(bytes).toBeGreaterThan(0);
});

test("a_table_that_cannot_be_read_can_be_described, with unknown rows where a file has no statistics", async () => {
  await using lake = await openLake();
  const table = await createTable(lake.context, { schema: struct({ id: "long" }) });
  const protocol = { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ["new"], writerFeatures: ["new"] };
  const add = { path: "a.parquet", partitionValues: {}, size: 5, modificationTime: 0, dataChange: true };
  const lines = [{ protocol }, { add }].map((action) => `${JSON.stringify(action)}\n`).join("");
  await lake.store.putIfAbsent("lake/t/_delta_log/00000000000000000001.json", Buffer.from(lines));
  expect(await table.describe()).toMatchObject({ features: ["new"], files: 1, bytes: 5, rows: undefined });
});
