import { temporaryDirectory } from "@cinelake/testkit";
import { openObjectStore } from "@cinelake/object_store";
import { expect, test } from "vitest";
import { createTable, openSqlEngine, openTable, type StructType } from "@cinelake/delta";

const schema: StructType = {
  type: "struct",
  fields: [
    { name: "id", type: "long", nullable: false, metadata: {} },
    { name: "name", type: "string", nullable: true, metadata: {} },
    { name: "day", type: "date", nullable: true, metadata: {} },
    { name: "v", type: { type: "array", elementType: "float", containsNull: false }, nullable: true, metadata: {} },
  ],
};
async function all(table: Awaited<ReturnType<typeof openTable>>) {
  const rows = [];
  for await (const batch of (await table.snapshot()).read()) rows.push(...batch);
  return rows.sort((a, b) => Number(a.id) - Number(b.id));
}
test.each([true, false])("smoke partitioned=%s", async (partitioned) => {
  await using dir = await temporaryDirectory();
  await using store = await openObjectStore(dir.path);
  await using engine = await openSqlEngine({ threads: 1 });
  const context = {
    store,
    path: "a/t",
    engine,
    onCheckpointError: (e: unknown) => {
      throw e;
    },
  };
  const t = await createTable(context, { schema, partitionColumns: partitioned ? ["day"] : [] });
  await t.append({ rows: [{ id: 1, name: "a", day: "2020-01-01", v: [1, 2] }, { id: 2 }] });
  await t.append({ sql: "SELECT 3 AS id, 'x' AS name" });
  expect(await all(t)).toEqual([
    { id: 1, name: "a", day: "2020-01-01", v: [1, 2] },
    { id: 2, name: null, day: null, v: null },
    { id: 3, name: "x", day: null, v: null },
  ]);
  expect(
    await t.merge(
      {
        sql: "SELECT 3 AS id, 'y' AS name, DATE '2021-01-01' AS day UNION ALL SELECT 4, 'n', NULL UNION ALL SELECT 1, 'a', DATE '2020-01-01'",
      },
      { key: ["id"], updateWhen: "source.name <> 'a'" },
    ),
  ).toMatchObject({ addedRows: 2 });
  expect(
    await t.merge({ sql: "SELECT 3 AS id, 'y' AS name, DATE '2021-01-01' AS day" }, { key: ["id"] }),
  ).toMatchObject({ committed: false });
  for (let i = 0; i < 9; i++) await t.append({ rows: [{ id: 10 + i }] });
  const again = await openTable(context);
  expect(await all(again)).toEqual(await all(t));
  expect((await all(t)).length).toBe(13);
  if (partitioned)
    await t.overwrite(
      { rows: [{ id: 99, day: "2020-01-01" }] },
      { where: [{ column: "day", op: "=", value: "2020-01-01" }] },
    );
  else await t.overwrite({ rows: [{ id: 99, day: "2020-01-01" }] });
  expect((await all(t)).length).toBe(partitioned ? 13 : 1);
  expect((await t.history())[0]).toMatchObject({ operation: "WRITE" });
});
