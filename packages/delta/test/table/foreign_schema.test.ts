import { describe, expect, test } from "vitest";
import { createTable, type DeltaTable, type StructType } from "@cinelake/delta";
import { openLake, rowsOf, struct, type Lake } from "../support/tables.ts";

describe("a_schema_of_another_table: its ids and physical names mean nothing here", () => {
  const mode = (name: string) => ({ "delta.columnMapping.mode": name });
  async function foreign(lake: Lake): Promise<StructType> {
    const context = { ...lake.context, path: "lake/other" };
    const table = await createTable(context, { schema: struct({ a: "long", b: "long" }), configuration: mode("name") });
    return (await table.snapshot()).schema;
  }

  test("a_table_without_mapping_is_mapped_by_its_own_names", async () => {
    await using lake = await openLake();
    const table = await createTable(lake.context, { schema: await foreign(lake) });
    await table.append({ rows: [{ a: 1, b: 2 }] });
    await table.alter({ setProperties: mode("name") });
    expect(await rowsOf(table)).toEqual([{ a: 1, b: 2 }]);
  });

  test.each<[string, (table: DeltaTable, schema: StructType) => Promise<unknown>]>([
    ["add columns", (table, { fields }) => table.alter({ addColumns: fields.slice(1) })],
    ["merge schema", (table, given) => table.append({ rows: [], schema: given }, { mergeSchema: true })],
    [
      "overwrite schema",
      (table, { type, fields: [a, b] }) =>
        table.overwrite({ rows: [] }, { overwriteSchema: { schema: { type, fields: [b!, a!] } } }),
    ],
  ])("%s", async (_name, evolve) => {
    await using lake = await openLake();
    const table = await createTable(lake.context, {
      schema: struct({ z: "long", a: "long" }),
      configuration: mode("id"),
    });
    const { schema: old } = await table.snapshot();
    const given = await foreign(lake);
    await evolve(table, given);
    const { fields } = (await table.snapshot()).schema;
    const [known, ids] = [[...old.fields, ...fields], fields.map(({ metadata }) => metadata["delta.columnMapping.id"])];
    expect(new Set(ids).size).toBe(ids.length);
    expect(fields.find(({ name }) => name === "a")).toEqual(known.find(({ name }) => name === "a"));
    expect(fields.find(({ name }) => name === "b")!.metadata).toMatchObject({ "delta.columnMapping.id": 3 });
    await table.append({ rows: [{ a: 1, b: 2 }] });
    expect(await rowsOf(table)).toMatchObject([{ a: 1, b: 2 }]);
  });
});
