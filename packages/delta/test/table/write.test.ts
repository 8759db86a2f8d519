import { expect, test } from "vitest";
import { createTable, openTable, type DeltaTable } from "@cinelake/delta";
import { codeOf, commitOf, keysBelow, openLake, rowsOf, struct, type Lake } from "../support/tables.ts";

const schema = struct({ "id!": "long", p: "string", v: "integer" });

async function partitioned(lake: Lake, configuration: Record<string, string> = {}): Promise<DeltaTable> {
  const table = await createTable(lake.context, { schema, partitionColumns: ["p"], configuration });
  await table.append({
    rows: [
      { id: 1, p: "x", v: 1 },
      { id: 2, p: "y", v: 2 },
      { id: 3, p: null, v: 3 },
    ],
  });
  return table;
}

test("append_is_one_commit: adds with statistics, a blind append by its commitInfo", async () => {
  await using lake = await openLake();
  const table = await createTable(lake.context, { schema });
  const result = await table.append({ sql: "SELECT i AS id, 'x' AS p FROM range(3) t(i)" }, { userMetadata: "note" });
  expect(result).toEqual({ version: 1, committed: true, addedFiles: 1, removedFiles: 0, addedRows: 3 });
  const [info, { add } = {}] = await commitOf(lake, 1);
  expect(info!.commitInfo).toMatchObject({
    operation: "WRITE",
    isBlindAppend: true,
    readVersion: 0,
    userMetadata: "note",
    operationMetrics: { numOutputRows: "3", numFiles: "1" },
  });
  const stored = await lake.store.head(`lake/t/${String(add!.path)}`);
  expect(add).toMatchObject({ partitionValues: {}, dataChange: true, size: stored!.size });
  expect(JSON.parse(add!.stats as string)).toEqual({
    numRecords: 3,
    tightBounds: true,
    minValues: { id: 0, p: "x" },
    maxValues: { id: 2, p: "x" },
    nullCount: { id: 0, p: 0, v: 3 },
  });
});

test("overwrite_replaces_partitions_in_one_commit", async () => {
  await using lake = await openLake();
  const table = await partitioned(lake);
  const result = await table.overwrite(
    { rows: [{ id: 9, p: "x" }] },
    { where: [{ column: "p", op: "=", value: "x" }] },
  );
  expect(result).toEqual({ version: 2, committed: true, addedFiles: 1, removedFiles: 1, addedRows: 1 });
  expect((await rowsOf(table)).map(({ id }) => id)).toEqual([2, 3, 9]);
  const remove = (await commitOf(lake, 2)).find((action) => action.remove)!.remove!;
  expect(remove).toMatchObject({
    dataChange: true,
    extendedFileMetadata: true,
    partitionValues: { p: "x" },
    size: expect.any(Number),
    deletionTimestamp: expect.any(Number),
  });
  await table.overwrite({ sql: "SELECT 5 AS id, NULL::VARCHAR AS p" }, { where: [{ column: "p", op: "is null" }] });
  expect((await rowsOf(table)).map(({ id }) => id)).toEqual([2, 5, 9]);
  await table.overwrite({ rows: [] }, { where: [{ column: "p", op: "in", value: ["x", "y"] }] });
  expect((await rowsOf(table)).map(({ id }) => id)).toEqual([5]);
  await table.overwrite({ rows: [{ id: 7 }] });
  expect((await rowsOf(table)).map(({ id }) => id)).toEqual([7]);
});

test.each([
  { id: 9, p: "y" },
  { id: 9, p: null },
])("overwrite_refuses_rows_elsewhere: %o", async (row) => {
  await using lake = await openLake();
  const table = await partitioned(lake);
  const where = [{ column: "p", op: "=", value: "x" }] as const;
  expect(await codeOf(table.overwrite({ rows: [{ id: 1, p: "x" }, row] }, { where }))).toBe("delta_schema_mismatch");
  expect((await table.snapshot()).version).toBe(1);
});

test("merge_rewrites_only_files_with_a_change", async () => {
  await using lake = await openLake();
  const table = await partitioned(lake);
  const rows = [
    { id: 1, p: "x", v: 10 },
    { id: 2, p: "y", v: 2 },
    { id: 4, p: "z", v: 4 },
  ];
  expect(await table.merge({ rows }, { key: ["id"] })).toEqual({
    version: 2,
    committed: true,
    addedFiles: 2,
    removedFiles: 1,
    addedRows: 2,
  });
  expect(await table.merge({ rows }, { key: ["id"] })).toEqual({
    version: 2,
    committed: false,
    addedFiles: 0,
    removedFiles: 0,
    addedRows: 0,
  });
  expect(await rowsOf(table)).toEqual([
    { id: 1, p: "x", v: 10 },
    { id: 2, p: "y", v: 2 },
    { id: 3, p: null, v: 3 },
    { id: 4, p: "z", v: 4 },
  ]);
});

test("merge_moves_a_row_to_its_new_partition", async () => {
  await using lake = await openLake();
  const table = await partitioned(lake);
  await table.merge({ rows: [{ id: 1, p: "y", v: 1 }] }, { key: ["id"] });
  expect(await rowsOf(table)).toEqual([
    { id: 1, p: "y", v: 1 },
    { id: 2, p: "y", v: 2 },
    { id: 3, p: null, v: 3 },
  ]);
});

test("merge_updates_when_told: a condition over source and target", async () => {
  await using lake = await openLake();
  const table = await partitioned(lake);
  const source = {
    rows: [
      { id: 1, p: "x", v: 0 },
      { id: 2, p: "y", v: 9 },
      { id: 3, p: null, v: null },
    ],
  };
  expect((await table.merge(source, { key: ["id"], updateWhen: "source.v > target.v -- newer" })).addedRows).toBe(1);
  expect((await rowsOf(table)).map(({ v }) => v)).toEqual([1, 9, 3]);
});

test.each<[string, (table: DeltaTable) => Promise<unknown>, string]>([
  ["source", (table) => table.append({ sql: "SELECT nope" }), "invalid_argument"],
  ["source that is no SQL", (table) => table.append({ sql: "SELEC 1" }), "invalid_argument"],
  ["condition", (table) => table.delete({ condition: "nope = 1" }), "invalid_argument"],
  ["assignment", (table) => table.update({ set: { v: { sql: "nope(1)" } } }), "invalid_argument"],
  [
    "updateWhen",
    (table) => table.merge({ rows: [{ id: 1, v: 2 }] }, { key: ["id"], updateWhen: "nope" }),
    "invalid_argument",
  ],
  ["value that is none of the type", (table) => table.update({ set: { v: { sql: "'x'" } } }), "delta_schema_mismatch"],
  [
    "value out of range",
    (table) => table.append({ sql: "SELECT (i * 1e30)::BIGINT AS id FROM range(3) AS t(i)" }),
    "delta_schema_mismatch",
  ],
])("sql_that_fails_is_named, and nothing is left: %s", async (_name, write, code) => {
  await using lake = await openLake();
  const table = await createTable(lake.context, { schema: struct({ id: "long", v: "long" }) });
  await table.append({ rows: [{ id: 1, v: 1 }] });
  const keys = await keysBelow(lake.store, "lake/t");
  await expect(write(table)).rejects.toMatchObject({ code });
  expect(await keysBelow(lake.store, "lake/t")).toEqual(keys);
  expect(await lake.engine.rows("SELECT * FROM duckdb_tables()")).toEqual([]);
});

test("merge_outside_where_inserts", async () => {
  await using lake = await openLake();
  const table = await partitioned(lake);
  const where = [{ column: "p", op: "=", value: "y" }] as const;
  await table.merge(
    {
      rows: [
        { id: 1, p: "y", v: 5 },
        { id: 2, p: "y", v: 5 },
      ],
    },
    { key: ["id"], where },
  );
  expect(await rowsOf(table)).toEqual([
    { id: 1, p: "x", v: 1 },
    { id: 1, p: "y", v: 5 },
    { id: 2, p: "y", v: 5 },
    { id: 3, p: null, v: 3 },
  ]);
});

test("merge_keys: null equals null, a key of several columns, a key twice is refused", async () => {
  await using lake = await openLake();
  const table = await partitioned(lake);
  await table.merge(
    {
      rows: [
        { id: 3, p: null, v: 30 },
        { id: 3, p: "x", v: 31 },
      ],
    },
    { key: ["p", "id"] },
  );
  expect((await rowsOf(table)).map(({ v }) => v)).toEqual([1, 2, 31, 30]);
  expect(await codeOf(table.merge({ rows: [{ id: 1 }, { id: 1 }] }, { key: ["id"] }))).toBe("invalid_argument");
  expect(await codeOf(table.merge({ rows: [{ id: 1 }] }, { key: [] }))).toBe("invalid_argument");
  expect(await codeOf(table.merge({ rows: [{ id: 1 }] }, { key: ["nope"] }))).toBe("invalid_argument");
  expect(await lake.engine.rows("SELECT * FROM duckdb_tables()")).toEqual([]);
});

test("nothing_to_write_is_no_commit, unless asked for", async () => {
  await using lake = await openLake();
  const table = await createTable(lake.context, { schema });
  const none = { sql: "SELECT 1 AS id WHERE false" };
  expect(await table.append(none, { configuration: { a: "b" } })).toMatchObject({ version: 0, committed: false });
  expect(await table.append({ rows: [] }, { configuration: { a: "b" }, allowEmpty: true })).toMatchObject({
    version: 1,
    committed: true,
    addedFiles: 0,
  });
  const snapshot = await table.snapshot();
  expect([snapshot.configuration, snapshot.rowCount]).toEqual([{ a: "b" }, 0]);
});

test("configuration_is_set_with_the_rows, and only if it changes", async () => {
  await using lake = await openLake();
  const table = await partitioned(lake, { a: "1", b: "1" });
  await table.append({ rows: [{ id: 4 }] }, { configuration: { b: "2", c: "3" } });
  expect((await table.snapshot()).configuration).toEqual({ a: "1", b: "2", c: "3" });
  expect((await commitOf(lake, 2)).some((action) => action.metaData)).toBe(true);
  await table.append({ rows: [{ id: 5 }] }, { configuration: { b: "2" } });
  expect((await commitOf(lake, 3)).some((action) => action.metaData)).toBe(false);
  await expect(
    table.append({ rows: [{ id: 6 }] }, { configuration: { "delta.enableRowTracking": "true" } }),
  ).rejects.toThrow("rowTracking");
});

test("append_only_tables_lose_no_row", async () => {
  await using lake = await openLake();
  const table = await partitioned(lake, { "delta.appendOnly": "true" });
  await table.append({ rows: [{ id: 4 }] });
  expect(await codeOf(table.overwrite({ rows: [] }))).toBe("invalid_argument");
  expect(await codeOf(table.merge({ rows: [{ id: 1, p: "q" }] }, { key: ["id"] }))).toBe("invalid_argument");
});

test("transactions_compare_and_set", async () => {
  await using lake = await openLake();
  const table = await partitioned(lake);
  const other = await openTable(lake.context);
  const step = (version: number, expected: number | undefined) => ({
    transactions: [{ appId: "app", version, expected }],
  });
  await table.append({ rows: [{ id: 4 }] }, step(5, undefined));
  expect([(await table.snapshot()).transaction("app"), (await table.snapshot()).transaction("other")]).toEqual([
    5,
    undefined,
  ]);
  expect(await codeOf(other.append({ rows: [{ id: 5 }] }, step(5, undefined)))).toBe("delta_txn_conflict");
  expect(await codeOf(other.append({ rows: [{ id: 5 }] }, step(6, 4)))).toBe("delta_txn_conflict");
  await other.append({ rows: [] }, { ...step(6, 5), allowEmpty: true });
  expect((await table.snapshot()).transaction("app")).toBe(6);
  expect((await rowsOf(table)).length).toBe(4);
});

test("racing_transactions_have_one_winner: the others fail and leave no file", async () => {
  await using lake = await openLake();
  await createTable(lake.context, { schema });
  const tables = await Promise.all(Array.from({ length: 6 }, () => openTable(lake.context)));
  const outcomes = await Promise.all(
    tables.map((table, id) =>
      codeOf(table.append({ rows: [{ id }] }, { transactions: [{ appId: "app", version: 1, expected: undefined }] })),
    ),
  );
  expect(outcomes.toSorted()).toEqual([...Array.from({ length: 5 }, () => "delta_txn_conflict"), "no error"]);
  expect((await rowsOf(tables[0]!)).length).toBe(1);
  expect((await keysBelow(lake.store, "lake/t/part-")).length).toBe(1);
});

test("racing_overwrites_and_appends_are_serializable", async () => {
  await using lake = await openLake();
  await partitioned(lake);
  const [a, b, c] = await Promise.all([openTable(lake.context), openTable(lake.context), openTable(lake.context)]);
  const outcomes = await Promise.all([
    codeOf(a.overwrite({ rows: [{ id: 100, p: "x" }] }, { where: [{ column: "p", op: "=", value: "x" }] })),
    codeOf(b.overwrite({ rows: [{ id: 200, p: "y" }] }, { where: [{ column: "p", op: "=", value: "y" }] })),
    codeOf(c.overwrite({ rows: [{ id: 101, p: "x" }] }, { where: [{ column: "p", op: "=", value: "x" }] })),
  ]);
  expect(outcomes[1]).toBe("no error");
  expect([outcomes[0], outcomes[2]].toSorted()).toEqual(["delta_conflict", "no error"]);
  const ids = (await rowsOf(a)).map(({ id }) => id);
  expect(ids.toSorted()).toEqual([outcomes[0] === "no error" ? 100 : 101, 200, 3]);
});
