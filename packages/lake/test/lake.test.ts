import { TABLE_NAMES, tablePath, tableSpec } from "@cinelake/contracts";
import { openSqlEngine } from "@cinelake/delta";
import { openObjectStore } from "@cinelake/object_store";
import { expect, test } from "vitest";
import { findLakeTable, openLakeTable } from "../src/index.ts";

test("every table of the specification is made once, where and as it says, and found again", async () => {
  await using store = await openObjectStore("memory:");
  await using engine = await openSqlEngine({});
  const ports = { store, engine };
  for (const name of TABLE_NAMES) {
    expect(await findLakeTable(ports, name)).toBeUndefined();
    await openLakeTable(ports, name);
    const spec = tableSpec(name);
    const table = await openLakeTable(ports, name);
    expect(table.path).toBe(tablePath(spec));
    const snapshot = await (await findLakeTable(ports, name))!.snapshot();
    expect(snapshot).toMatchObject({ version: 0, partitionColumns: spec.partition_columns });
    expect(snapshot.schema.fields.map((field) => field.name)).toEqual(spec.columns.map((column) => column.name));
  }
});
