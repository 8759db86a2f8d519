import { CinelakeError } from "@cinelake/contracts";
import { describe, expect, test } from "vitest";
import { createTable, openTable, type CommitResult, type DeltaTable } from "@cinelake/delta";
import { beforeCommit, codeOf, keysBelow, openLake, rowsOf, struct } from "../support/tables.ts";

type Write = (table: DeltaTable) => Promise<CommitResult>;
const partition = (p: string) => ({ where: [{ column: "p", op: "=", value: p }] }) as const;
const append =
  (id: number, p: string): Write =>
  (table) =>
    table.append({ rows: [{ id, p }] });
const overwrite =
  (id: number, p: string): Write =>
  (table) =>
    table.overwrite({ rows: [{ id, p }] }, partition(p));
const overwriteAll: Write = (table) => table.overwrite({ rows: [{ id: 70, p: "x" }] });
const merge =
  (id: number, p: string): Write =>
  (table) =>
    table.merge({ rows: [{ id, p, v: 9 }] }, { key: ["id"] });
const remove =
  (p: string): Write =>
  (table) =>
    table.delete(partition(p));
const removeId =
  (id: number): Write =>
  (table) =>
    table.delete({ where: [{ column: "id", op: "=", value: id }] });
const update =
  (id: number): Write =>
  (table) =>
    table.update({ where: [{ column: "id", op: "=", value: id }], set: { v: { value: 1 } } });
const updateFrom =
  (id: number): Write =>
  (table) =>
    table.update({ where: [{ column: "id", op: ">=", value: id }], set: { v: { value: 1 } } });
const addColumn: Write = (table) => table.alter({ addColumns: struct({ more: "string" }).fields });
const constrain: Write = (table) => table.alter({ addConstraints: { small: "id < 100" } });
const appendWithColumn: Write = (table) =>
  table.append({ sql: "SELECT 3::BIGINT AS id, 'x' AS p, 1 AS extra" }, { mergeSchema: true });
const advance: Write = (table) =>
  table.append({ rows: [{ id: 3, p: "x" }] }, { transactions: [{ appId: "app", version: 1, expected: undefined }] });
const configure: Write = (table) => table.append({ rows: [] }, { configuration: { k: "v" }, allowEmpty: true });

/** The table starts with ids 1 and 2 in x, 10 in y. */
test.each<[string, Write, Write, string, unknown[]]>([
  ["append after append", append(3, "x"), append(4, "x"), "no error", [1, 2, 3, 4, 10]],
  ["append after overwrite", append(3, "x"), overwrite(5, "x"), "no error", [3, 5, 10]],
  ["append after properties", append(3, "x"), configure, "delta_conflict", [1, 2, 10]],
  ["properties after append", configure, append(3, "x"), "no error", [1, 2, 3, 10]],
  ["overwrite after append in its partition", overwrite(5, "x"), append(3, "x"), "delta_conflict", [1, 2, 3, 10]],
  ["overwrite after append elsewhere", overwrite(5, "x"), append(3, "y"), "no error", [3, 5, 10]],
  ["overwrite after overwrite elsewhere", overwrite(5, "x"), overwrite(6, "y"), "no error", [5, 6]],
  ["overwrite of all after append", overwriteAll, append(3, "z"), "delta_conflict", [1, 2, 3, 10]],
  [
    "overwrite of an empty partition after append in it",
    overwrite(5, "z"),
    append(3, "z"),
    "delta_conflict",
    [1, 2, 3, 10],
  ],
  ["merge after append of its key", merge(3, "x"), append(3, "y"), "delta_conflict", [1, 2, 3, 10]],
  ["merge after append of another key", merge(3, "x"), append(4, "x"), "no error", [1, 2, 3, 4, 10]],
  ["merge after overwrite of what it rewrites", merge(1, "x"), overwrite(5, "x"), "delta_conflict", [5, 10]],
  ["merge after overwrite of files it need not read", merge(1, "x"), overwrite(50, "y"), "no error", [1, 2, 50]],
  ["delete after delete of the same", remove("x"), remove("x"), "delta_conflict", [10]],
  ["delete after delete elsewhere", remove("x"), remove("y"), "no error", []],
  ["delete after append in its partition", remove("x"), append(3, "x"), "delta_conflict", [1, 2, 3, 10]],
  ["delete of a row after append of others", removeId(1), append(3, "x"), "no error", [2, 3, 10]],
  ["delete of a row after update in its file", removeId(1), update(2), "delta_conflict", [1, 2, 10]],
  ["update after append that it would change", updateFrom(10), append(30, "z"), "delta_conflict", [1, 2, 10, 30]],
  ["update after append that it would not change", updateFrom(10), append(3, "z"), "no error", [1, 2, 3, 10]],
  ["update after delete of its partition", update(1), remove("x"), "delta_conflict", [10]],
  ["append after delete", append(3, "x"), remove("x"), "no error", [3, 10]],
  ["append after a new column", append(3, "x"), addColumn, "delta_conflict", [1, 2, 10]],
  ["a new column after append", addColumn, append(3, "x"), "no error", [1, 2, 3, 10]],
  ["a new column after another", addColumn, constrain, "delta_conflict", [1, 2, 10]],
  ["a constraint after append", constrain, append(300, "x"), "delta_conflict", [1, 2, 10, 300]],
  ["append with a new column after append", appendWithColumn, append(4, "x"), "no error", [1, 2, 3, 4, 10]],
  ["append with a new column after properties", appendWithColumn, configure, "delta_conflict", [1, 2, 10]],
  ["an application after itself", advance, advance, "delta_txn_conflict", [1, 2, 3, 10]],
])("no_two_orders_mix: %s", async (_name, late, early, outcome, ids) => {
  await using lake = await openLake();
  const schema = struct({ "id!": "long", p: "string", v: "integer" });
  const table = await createTable(lake.context, { schema, partitionColumns: ["p"] });
  await table.append({
    rows: [
      { id: 1, p: "x" },
      { id: 2, p: "x" },
      { id: 10, p: "y" },
    ],
  });
  const other = await openTable({ ...lake.context, store: beforeCommit(lake.store, () => early(table)) });
  expect(await codeOf(late(other))).toBe(outcome);
  const found = (await rowsOf(table)).map(({ id }) => id as number);
  expect(found.toSorted((a, b) => a - b)).toEqual(ids);
  expect((await table.snapshot()).version).toBe(outcome === "no error" ? 3 : 2);
});

describe("a guard", () => {
  const rows = [{ id: 1 }];

  test("is asked for each version that the commit would follow", async () => {
    await using lake = await openLake();
    const table = await createTable(lake.context, { schema: struct({ id: "long" }) });
    const store = beforeCommit(lake.store, () => table.append({ rows }));
    const overtaken = await openTable({ ...lake.context, store });
    const asked: number[] = [];
    const { version } = await overtaken.append({ rows }, { guard: async (before) => void asked.push(before) });
    expect(version).toBe(2);
    expect(asked).toEqual([0, 1]);
  });

  test("that throws keeps the commit from being made, and leaves no file", async () => {
    await using lake = await openLake();
    const table = await createTable(lake.context, { schema: struct({ id: "long" }) });
    const before = await keysBelow(lake.store, lake.context.path);
    const refusal = new CinelakeError("delta_conflict", "somebody else has it");
    const append = table.append({ rows }, { guard: () => Promise.reject(refusal) });
    await expect(append).rejects.toBe(refusal);
    expect(await keysBelow(lake.store, lake.context.path)).toEqual(before);
    expect((await table.snapshot()).version).toBe(0);
  });
});
