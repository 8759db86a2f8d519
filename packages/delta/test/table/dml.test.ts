import { describe, expect, test } from "vitest";
import { createTable, type DeltaTable, type Row } from "@cinelake/delta";
import { codeOf, commitOf, openLake, rowsOf, struct, type Lake } from "../support/tables.ts";

const schema = struct({ "id!": "long", p: "string", v: "integer" });

/** Ids 1 to 6 in three files: 1 2 3 (x), 4 5 (y), 6 (null). */
async function table(lake: Lake, configuration: Readonly<Record<string, string>> = {}): Promise<DeltaTable> {
  const made = await createTable(lake.context, { schema, partitionColumns: ["p"], configuration });
  await made.append({
    rows: ["x", "x", "x", "y", "y", null].map((p, index) => ({ id: index + 1, p, v: index + 1 })),
  });
  return made;
}

const ids = async (made: DeltaTable): Promise<unknown[]> => (await rowsOf(made)).map(({ id }) => id);

async function feedOf(lake: Lake, version: number): Promise<Row[]> {
  const files = (await commitOf(lake, version)).flatMap(({ cdc }) => (cdc ? [cdc] : []));
  const rows: Row[] = [];
  for (const file of files) {
    await using local = await lake.store.localFile(`lake/t/${decodeURIComponent(file.path as string)}`);
    const found = await lake.engine.rows<Row>(`FROM read_parquet('${local.path}', hive_partitioning = false)`);
    rows.push(...found.map((row) => ({ ...row, ...(file.partitionValues as object) })));
  }
  return rows.toSorted(
    (a, b) => Number(a.id) - Number(b.id) || String(b._change_type).localeCompare(String(a._change_type)),
  );
}

describe("delete", () => {
  test("partitions_go_whole: no data file is written", async () => {
    await using lake = await openLake();
    const made = await table(lake);
    const result = await made.delete({ where: [{ column: "p", op: "=", value: "x" }] });
    expect(result).toMatchObject({ committed: true, addedFiles: 0, removedFiles: 1 });
    expect(await ids(made)).toEqual([4, 5, 6]);
    const [info] = await commitOf(lake, 2);
    expect(info!.commitInfo).toMatchObject({ operation: "DELETE", operationMetrics: { numDeletedRows: "3" } });
  });

  test("only_files_with_such_rows_are_touched", async () => {
    await using lake = await openLake();
    const made = await table(lake);
    const result = await made.delete({ where: [{ column: "id", op: ">=", value: 3 }], condition: "v <> 6" });
    expect(result).toMatchObject({ addedFiles: 1, removedFiles: 2 });
    expect(await ids(made)).toEqual([1, 2, 6]);
    const [info] = await commitOf(lake, 2);
    expect(info!.commitInfo!.operationMetrics).toMatchObject({ numDeletedRows: "3", numCopiedRows: "2" });
  });

  test("a_condition_that_is_null_deletes_nothing, and nothing is no commit", async () => {
    await using lake = await openLake();
    const made = await table(lake);
    expect(await made.delete({ condition: "NULL" })).toMatchObject({ version: 1, committed: false });
    expect(await made.delete({ condition: "p > 'z'" })).toMatchObject({ version: 1, committed: false });
    expect(await ids(made)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("everything", async () => {
    await using lake = await openLake();
    const made = await table(lake);
    expect(await made.delete()).toMatchObject({ removedFiles: 3, addedFiles: 0 });
    expect(await ids(made)).toEqual([]);
  });

  test("a_feed_holds_the_deleted_rows, only if files are rewritten for them", async () => {
    await using lake = await openLake();
    const made = await table(lake, { "delta.enableChangeDataFeed": "true" });
    await made.delete({ where: [{ column: "p", op: "=", value: "y" }] });
    expect(await feedOf(lake, 2)).toEqual([]);
    await made.delete({ where: [{ column: "id", op: "in", value: [2, 6] }] });
    expect(await feedOf(lake, 3)).toEqual([
      { id: 2, p: "x", v: 2, _change_type: "delete" },
      { id: 6, p: null, v: 6, _change_type: "delete" },
    ]);
    expect(await ids(made)).toEqual([1, 3]);
  });
});

describe("update", () => {
  test("rows_change_and_move_between_partitions", async () => {
    await using lake = await openLake();
    const made = await table(lake);
    const set = { v: { sql: "v * 10 + id" }, p: { value: "w" } };
    const result = await made.update({ where: [{ column: "id", op: "in", value: [3, 4] }], set });
    expect(result).toMatchObject({ removedFiles: 2, addedFiles: 3, addedRows: 2 });
    expect(await rowsOf(made)).toEqual([
      { id: 1, p: "x", v: 1 },
      { id: 2, p: "x", v: 2 },
      { id: 3, p: "w", v: 33 },
      { id: 4, p: "w", v: 44 },
      { id: 5, p: "y", v: 5 },
      { id: 6, p: null, v: 6 },
    ]);
  });

  test("a_feed_holds_rows_before_and_after", async () => {
    await using lake = await openLake();
    const made = await table(lake, { "delta.enableChangeDataFeed": "true" });
    await made.update({ condition: "id = 5", set: { v: { value: null } } });
    expect(await feedOf(lake, 2)).toEqual([
      { id: 5, p: "y", v: 5, _change_type: "update_preimage" },
      { id: 5, p: "y", v: null, _change_type: "update_postimage" },
    ]);
  });

  test.each([
    ["unknown column", { nope: { value: 1 } }, "invalid_argument"],
    ["nothing to set", {}, "invalid_argument"],
    ["a value of another type", { v: { value: "text" } }, "delta_schema_mismatch"],
    ["null where none may be", { id: { sql: "NULL" } }, "delta_schema_mismatch"],
  ])("what_does_not_fit_is_refused: %s", async (_name, set, code) => {
    await using lake = await openLake();
    const made = await table(lake);
    expect(await codeOf(made.update({ set }))).toBe(code);
    expect((await made.snapshot()).version).toBe(1);
  });
});

test("overwrite_by_any_predicate: files are rewritten without the rows it replaces", async () => {
  await using lake = await openLake();
  const made = await table(lake, { "delta.enableChangeDataFeed": "true" });
  const where = [{ column: "v", op: ">", value: 2 } as const, { column: "v", op: "<", value: 5 } as const];
  expect(await codeOf(made.overwrite({ rows: [{ id: 9, v: 9 }] }, { where }))).toBe("delta_schema_mismatch");
  await made.overwrite({ rows: [{ id: 7, p: "z", v: 3 }] }, { where });
  expect(await ids(made)).toEqual([1, 2, 5, 6, 7]);
  expect(await feedOf(lake, 2)).toEqual([
    { id: 3, p: "x", v: 3, _change_type: "delete" },
    { id: 4, p: "y", v: 4, _change_type: "delete" },
    { id: 7, p: "z", v: 3, _change_type: "insert" },
  ]);
});

test("merge_feeds_inserts_and_both_images, and a merge of inserts only needs no feed", async () => {
  await using lake = await openLake();
  const made = await table(lake, { "delta.enableChangeDataFeed": "true" });
  await made.merge({ rows: [{ id: 20, p: "x" }] }, { key: ["id"] });
  expect(await feedOf(lake, 2)).toEqual([]);
  const source = [
    { id: 1, p: "x", v: 100 },
    { id: 21, p: "q", v: 21 },
  ];
  await made.merge({ rows: source }, { key: ["id"] });
  expect(await feedOf(lake, 3)).toEqual([
    { id: 1, p: "x", v: 1, _change_type: "update_preimage" },
    { id: 1, p: "x", v: 100, _change_type: "update_postimage" },
    { id: 21, p: "q", v: 21, _change_type: "insert" },
  ]);
});

test("append_only_tables_take_no_delete_and_no_update", async () => {
  await using lake = await openLake();
  const made = await table(lake, { "delta.appendOnly": "true" });
  expect(await codeOf(made.delete())).toBe("invalid_argument");
  expect(await codeOf(made.update({ set: { v: { value: 1 } } }))).toBe("invalid_argument");
  expect((await made.snapshot()).version).toBe(1);
});

/** Rows of a version's changes, as text without their version and time. */
async function changesOf(made: DeltaTable, version: number): Promise<string[]> {
  const batches = await Array.fromAsync(made.changes({ fromVersion: version, toVersion: version }));
  const rows = batches.flat().map(({ _commit_version, _commit_timestamp, ...row }) => JSON.stringify(row));
  return rows.toSorted();
}

describe("an_expression_is_evaluated_once", () => {
  const fed = { "delta.enableChangeDataFeed": "true" };
  const many = "SELECT i AS id, 'x' AS p, 0 AS v FROM range(1000) AS t(i)";

  test("a_delete_by_a_volatile_condition: a row is either left or in the feed", async () => {
    await using lake = await openLake();
    const made = await createTable(lake.context, { schema, configuration: fed });
    await made.append({ sql: many });
    await made.delete({ condition: "random() < 0.5" });
    const [left, gone] = [await ids(made), (await feedOf(lake, 2)).map(({ id }) => Number(id))];
    expect(left.length + gone.length).toBe(1000);
    expect(new Set([...left, ...gone]).size).toBe(1000);
  });

  test("an_update_by_a_volatile_condition: all of a row's columns change, or none", async () => {
    await using lake = await openLake();
    const made = await createTable(lake.context, { schema });
    await made.append({ sql: many });
    await made.update({ condition: "random() < 0.5", set: { p: { value: "y" }, v: { value: 1 } } });
    expect((await rowsOf(made)).filter(({ p, v }) => (p === "y") !== (v === 1))).toEqual([]);
  });

  test("volatile_values: the feed holds those of the table", async () => {
    await using lake = await openLake();
    const made = await createTable(lake.context, { schema, configuration: fed });
    await made.append({ rows: [1, 2, 3].map((id) => ({ id, p: "x", v: 0 })) });
    await made.update({ condition: "id <> 2", set: { p: { sql: "uuid()::VARCHAR || now()" } } });
    const after = (await feedOf(lake, 2)).filter(({ _change_type: type }) => type === "update_postimage");
    expect(after.map(({ id, p }) => ({ id: Number(id), p }))).toEqual(
      (await rowsOf(made)).filter(({ id }) => id !== 2).map(({ id, p }) => ({ id, p })),
    );
  });

  test("volatile_sources: an overwrite feeds the rows that it writes", async () => {
    await using lake = await openLake();
    const made = await createTable(lake.context, { schema, configuration: fed });
    await made.append({ rows: [1, 2].map((id) => ({ id, p: "x", v: 0 })) });
    const where = [{ column: "id", op: "=", value: 2 }] as const;
    await made.overwrite({ sql: "SELECT 2::BIGINT AS id, uuid()::VARCHAR AS p" }, { where });
    const [, row] = await rowsOf(made);
    expect((await feedOf(lake, 2)).find(({ _change_type: type }) => type === "insert")!.p).toBe(row!.p);
  });
});

test("a_feed_that_begins_with_a_commit_holds_what_it_changed", async () => {
  await using lake = await openLake();
  const configuration = { "delta.enableChangeDataFeed": "true" };
  const row = (id: number, type: string): string => JSON.stringify({ id, p: "x", v: id, _change_type: type });
  const writers: [(made: DeltaTable) => Promise<unknown>, string[]][] = [
    [(made) => made.delete({ condition: "id = 2", configuration }), [row(2, "delete")]],
    [
      (made) => made.update({ condition: "id = 2", set: { id: { value: 9 }, v: { value: 9 } }, configuration }),
      [row(2, "update_preimage"), row(9, "update_postimage")],
    ],
    [
      (made) => made.overwrite({ rows: [] }, { where: [{ column: "id", op: "=", value: 2 }], configuration }),
      [row(2, "delete")],
    ],
    [
      (made) => made.merge({ rows: [{ id: 2, p: "x", v: 9 }] }, { key: ["id"], configuration }),
      [row(2, "update_preimage"), JSON.stringify({ id: 2, p: "x", v: 9, _change_type: "update_postimage" })],
    ],
  ];
  for (const [index, [write, expected]] of writers.entries()) {
    const made = await createTable({ ...lake.context, path: `lake/t${index}` }, { schema });
    await made.append({ rows: [1, 2, 3].map((id) => ({ id, p: "x", v: id })) });
    await write(made);
    expect(await changesOf(made, 2)).toEqual(expected);
  }
});

test("an_overwrite_counts_the_rows_that_were_given, not those it copied", async () => {
  await using lake = await openLake();
  const made = await table(lake);
  const where = [{ column: "id", op: "=", value: 1 }] as const;
  expect(await made.overwrite({ rows: [{ id: 1, p: "x", v: 10 }] }, { where })).toMatchObject({ addedRows: 1 });
});

test("values_of_all_types_can_be_set", async () => {
  await using lake = await openLake();
  const list = { type: "array", elementType: "string", containsNull: true } as const;
  const map = { type: "map", keyType: "string", valueType: "long", valueContainsNull: true } as const;
  const made = await createTable(lake.context, {
    schema: struct({ id: "long", l: list, m: map, s: struct({ a: "long" }), b: "binary", t: "timestamp", n: "long" }),
  });
  const first = { l: null, m: null, s: null, b: null, t: null, n: 1 };
  await made.append({ rows: [1, 2].map((id) => ({ id, ...first })) });
  const values = { l: ["a", null], m: new Map([["k", 1]]), s: { a: 1 }, b: Uint8Array.of(1, 0), n: null };
  const set = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
  await made.update({ condition: "id = 2", set: { ...set, t: { value: new Date(0) } } });
  expect(await rowsOf(made)).toEqual([
    { id: 1, ...first },
    { id: 2, ...values, t: "1970-01-01T00:00:00.000000Z" },
  ]);
  expect(await codeOf(made.update({ set: { l: { value: [1] } } }))).toBe("delta_schema_mismatch");
});

test("an_empty_string_is_null_in_a_partition: an update puts none where no null may be", async () => {
  await using lake = await openLake();
  const made = await createTable(lake.context, {
    schema: struct({ id: "long", "p!": "string" }),
    partitionColumns: ["p"],
  });
  await made.append({ rows: [{ id: 1, p: "x" }] });
  expect(await codeOf(made.update({ set: { p: { value: "" } } }))).toBe("delta_schema_mismatch");
});

test("a_column_may_be_called_rowid: a merge neither loses nor doubles rows", async () => {
  await using lake = await openLake();
  const made = await createTable(lake.context, { schema: struct({ id: "long", rowid: "long" }) });
  await made.append({ rows: [0, 1].map((id) => ({ id, rowid: 7 })) });
  await made.merge({ rows: [1, 2, 3].map((id) => ({ id, rowid: 8 })) }, { key: ["id"] });
  expect((await rowsOf(made)).map(({ id, rowid }) => [id, rowid])).toEqual([
    [0, 7],
    [1, 8],
    [2, 8],
    [3, 8],
  ]);
});
