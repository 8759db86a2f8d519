import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createTable, openTable, type ChangeRange, type DeltaTable, type ReadOptions, type Row } from "@cinelake/delta";
import { inlineVector } from "../support/deletion_vectors.ts";
import { commitAll, described, parquetFile } from "../support/hand_made.ts";
import { openLake, rowsOf, sorted, struct, type Lake } from "../support/tables.ts";

const FEED = { "delta.enableChangeDataFeed": "true" };
const schema = struct({ id: "long", p: "string", v: "long" });

async function read(table: DeltaTable, range: ChangeRange, options?: ReadOptions): Promise<Row[]> {
  return (await Array.fromAsync(table.changes(range, options))).flat();
}

/** Changes without their commit's version and time. */
async function bare(table: DeltaTable, range: ChangeRange, options?: ReadOptions): Promise<Row[]> {
  const rows = await read(table, range, options);
  return sorted(rows.map(({ _commit_version: _v, _commit_timestamp: _t, ...row }) => row));
}

test("inserts_updates_and_deletes_are_told_apart, oldest version first", async () => {
  await using lake = await openLake();
  const table = await createTable(lake.context, { schema, configuration: FEED });
  await table.append({ rows: [1, 2, 3].map((id) => ({ id, p: "x", v: 0 })) });
  await table.update({ where: [{ column: "id", op: "=", value: 2 }], set: { v: { sql: "v + 1" } } });
  await table.delete({ where: [{ column: "id", op: ">", value: 2 }] });
  await table.merge(
    {
      rows: [
        { id: 1, p: "x", v: 5 },
        { id: 9, p: "y", v: 9 },
      ],
    },
    { key: ["id"] },
  );
  const rows = await read(table, { fromVersion: 1 });
  expect(rows.map((row) => row._commit_version)).toEqual([1, 1, 1, 2, 2, 3, 4, 4, 4]);
  const one = (id: number, v: number, type: string, p = "x"): Row => ({ id, p, v, _change_type: type });
  expect(await bare(table, { fromVersion: 1, toVersion: 1 })).toEqual([1, 2, 3].map((id) => one(id, 0, "insert")));
  expect(await bare(table, { fromVersion: 2, toVersion: 2 })).toEqual([
    one(2, 0, "update_preimage"),
    one(2, 1, "update_postimage"),
  ]);
  expect(await bare(table, { fromVersion: 3, toVersion: 3 })).toEqual([one(3, 0, "delete")]);
  expect(await bare(table, { fromVersion: 4 })).toEqual([
    one(1, 0, "update_preimage"),
    one(1, 5, "update_postimage"),
    one(9, 9, "insert", "y"),
  ]);
  const some = await bare(table, { fromVersion: 0 }, { columns: ["v"], where: [{ column: "id", op: "=", value: 2 }] });
  expect(some).toEqual([
    { v: 0, _change_type: "insert" },
    { v: 0, _change_type: "update_preimage" },
    { v: 1, _change_type: "update_postimage" },
  ]);
});

const id = fc.integer({ min: 0, max: 9 });
const row = fc.record({ id, p: fc.constantFrom("x", "y z", null), v: fc.integer({ min: 0, max: 3 }) });
const operation: fc.Arbitrary<(table: DeltaTable) => Promise<unknown>> = fc.oneof(
  fc.array(row, { minLength: 1, maxLength: 4 }).map((rows) => (table: DeltaTable) => table.append({ rows })),
  id.map((value) => (table: DeltaTable) => table.delete({ where: [{ column: "id", op: "<", value }] })),
  id.map(
    (value) => (table: DeltaTable) =>
      table.update({ where: [{ column: "id", op: "=", value }], set: { v: { sql: "v + 1" } } }),
  ),
  fc
    .uniqueArray(row, { minLength: 1, maxLength: 4, selector: (one) => one.id })
    .map((rows) => (table: DeltaTable) => table.merge({ rows }, { key: ["id"] })),
  fc.array(row, { maxLength: 3 }).map((rows) => (table: DeltaTable) => table.overwrite({ rows })),
);

test("a_version_is_the_one_before_with_its_changes: random operations", async () => {
  await using lake = await openLake();
  let tables = 0;
  const options = fc.record({ partitioned: fc.boolean(), mode: fc.constantFrom("none", "name", "id") });
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { minLength: 1, maxLength: 5 }),
      options,
      async (operations, { partitioned, mode }) => {
        const configuration = { ...FEED, "delta.columnMapping.mode": mode };
        const context = { ...lake.context, path: `changes${tables++}` };
        const table = await createTable(context, { schema, configuration, partitionColumns: partitioned ? ["p"] : [] });
        for (const run of operations) await run(table);
        const { version: last } = await table.snapshot();
        for (let version = 1; version <= last; version++) {
          const expected = new Map<string, number>();
          const count = (one: Row, by: number): void => {
            const key = JSON.stringify([one.id, one.p, one.v]);
            expected.set(key, (expected.get(key) ?? 0) + by);
          };
          for (const one of await rowsOf(table, version - 1)) count(one, 1);
          for (const change of await read(table, { fromVersion: version, toVersion: version })) {
            count(change, change._change_type === "insert" || change._change_type === "update_postimage" ? 1 : -1);
          }
          for (const one of await rowsOf(table, version)) count(one, -1);
          expect(Array.from(expected.values()).filter((left) => left !== 0)).toEqual([]);
        }
      },
    ),
    { numRuns: 15 },
  );
});

describe("without_a_feed", () => {
  test("commits_that_only_add_or_only_remove_are_exact, a rewrite is refused by its version", async () => {
    await using lake = await openLake();
    const table = await createTable(lake.context, { schema, partitionColumns: ["p"] });
    await table.append({
      rows: [
        { id: 1, p: "x", v: 1 },
        { id: 2, p: "y", v: 1 },
        { id: 3, p: "y", v: 1 },
      ],
    });
    await table.optimize();
    await table.delete({ where: [{ column: "p", op: "=", value: "x" }] });
    expect(await bare(table, { fromVersion: 0 })).toEqual([
      { id: 1, p: "x", v: 1, _change_type: "delete" },
      ...[
        { id: 1, p: "x" },
        { id: 2, p: "y" },
        { id: 3, p: "y" },
      ].map((one) => ({ ...one, v: 1, _change_type: "insert" })),
    ]);
    await table.delete({ where: [{ column: "id", op: "=", value: 2 }] });
    const { version } = await table.snapshot();
    await expect(read(table, { fromVersion: 0 })).rejects.toMatchObject({
      code: "invalid_argument",
      details: { version },
    });
    await table.alter({ setProperties: FEED });
    await table.delete({ where: [{ column: "id", op: "=", value: 3 }] });
    expect(await bare(table, { fromVersion: version + 1 })).toEqual([{ id: 3, p: "y", v: 1, _change_type: "delete" }]);
  });

  test("another_deletion_vector_for_a_file_means_the_difference: rows deleted and rows that came back", async () => {
    await using lake = await openLake();
    const { add } = await parquetFile(lake, "f.parquet", "SELECT i AS id, 'x' AS p, 0::BIGINT AS v FROM range(6) t(i)");
    const gone = await parquetFile(
      lake,
      "g.parquet",
      "SELECT i + 10 AS id, 'y' AS p, 0::BIGINT AS v FROM range(3) t(i)",
    );
    const first = { ...add, deletionVector: inlineVector([0, 1]) };
    const second = { ...add, deletionVector: inlineVector([1, 2, 5]) };
    const removed = (file: typeof add): object => ({
      remove: {
        path: file.path,
        dataChange: true,
        deletionTimestamp: 1,
        ...(file.deletionVector && { deletionVector: file.deletionVector }),
      },
    });
    const table = await commitAll(lake, [
      [...described(schema), { add }, { add: { ...gone.add, deletionVector: inlineVector([1]) } }],
      [removed(add), { add: first }],
      [removed(first), { add: second }, removed({ ...gone.add, deletionVector: inlineVector([1]) })],
      [removed(second), { add }],
    ]);
    const idsAt = async (version: number): Promise<unknown[]> =>
      (await bare(table, { fromVersion: version, toVersion: version })).map((one) => [one.id, one._change_type]);
    expect(await idsAt(0)).toHaveLength(8);
    expect(await idsAt(1)).toEqual([
      [0, "delete"],
      [1, "delete"],
    ]);
    expect(await idsAt(2)).toEqual([
      [0, "insert"],
      [10, "delete"],
      [12, "delete"],
      [2, "delete"],
      [5, "delete"],
    ]);
    expect(await idsAt(3)).toEqual([
      [1, "insert"],
      [2, "insert"],
      [5, "insert"],
    ]);
  });

  test("a_remove_that_names_no_partition_is_looked_up", async () => {
    await using lake = await openLake();
    const { add } = await parquetFile(lake, "f.parquet", "SELECT 1::BIGINT AS id, 2::BIGINT AS v");
    const table = await commitAll(lake, [
      [...described(schema, { partitionColumns: ["p"] }), { add: { ...add, partitionValues: { p: "x" } } }],
      [{ remove: { path: add.path, dataChange: true, deletionTimestamp: 1 } }],
    ]);
    expect(await bare(table, { fromVersion: 1 })).toEqual([{ id: 1, p: "x", v: 2, _change_type: "delete" }]);
  });
});

describe("a_schema_that_changed_within_the_range", () => {
  test("is_that_of_the_last_version, if it can read the older files", async () => {
    await using lake = await openLake();
    const table = await createTable(lake.context, { schema: struct({ id: "long" }), configuration: FEED });
    await table.append({ rows: [{ id: 1 }] });
    await table.alter({ addColumns: struct({ more: "string" }).fields });
    await table.update({ set: { more: { value: "m" } } });
    expect(await bare(table, { fromVersion: 0 })).toEqual([
      { id: 1, more: "m", _change_type: "update_postimage" },
      { id: 1, more: null, _change_type: "insert" },
      { id: 1, more: null, _change_type: "update_preimage" },
    ]);
    expect(await bare(table, { fromVersion: 1, toVersion: 1 })).toEqual([{ id: 1, _change_type: "insert" }]);
  });

  test("is_refused_by_version_and_column_otherwise, while each part is read by itself", async () => {
    await using lake = await openLake();
    const table = await createTable(lake.context, { schema: struct({ id: "long" }), configuration: FEED });
    await table.append({ rows: [{ id: 1 }] });
    await table.overwrite({ rows: [{ id: "a" }] }, { overwriteSchema: { schema: struct({ id: "string" }) } });
    await expect(read(table, { fromVersion: 1 })).rejects.toMatchObject({
      code: "invalid_argument",
      message: expect.stringMatching(/version 1 .*version 2: the column id/),
    });
    expect(await bare(table, { fromVersion: 0, toVersion: 1 })).toEqual([{ id: 1, _change_type: "insert" }]);
  });
});

describe("ranges", () => {
  const hour = 3_600_000;
  async function timed(lake: Lake): Promise<DeltaTable> {
    let now = 10 * hour;
    const context = { ...lake.context, now: () => now };
    const configuration = { ...FEED, "delta.enableInCommitTimestamps": "true" };
    const table = await createTable(context, { schema: struct({ id: "long" }), configuration });
    for (const at of [1, 2, 3]) {
      now += hour;
      await table.append({ rows: [{ id: at }] });
    }
    return table;
  }
  const ids = async (table: DeltaTable, range: ChangeRange): Promise<unknown[]> =>
    (await read(table, range)).map((one) => one.id);

  test("times_choose_versions, both ends included, and are told with each row", async () => {
    await using lake = await openLake();
    const table = await timed(lake);
    expect(await ids(table, { fromTimestamp: 12 * hour })).toEqual([2, 3]);
    expect(await ids(table, { fromTimestamp: 12 * hour + 1 })).toEqual([3]);
    expect(await ids(table, { fromTimestamp: 0, toTimestamp: 12 * hour })).toEqual([1, 2]);
    expect(await ids(table, { fromTimestamp: 0, toTimestamp: 12 * hour - 1 })).toEqual([1]);
    expect(await ids(table, { fromTimestamp: 0, toTimestamp: 1 })).toEqual([]);
    const [first] = await read(table, { fromVersion: 1, toVersion: 1 });
    expect(first).toEqual({
      id: 1,
      _change_type: "insert",
      _commit_version: 1,
      _commit_timestamp: "1970-01-01T11:00:00.000000Z",
    });
  });

  test("a_reader_that_has_all_gets_nothing, and one that is ahead is told", async () => {
    await using lake = await openLake();
    const table = await timed(lake);
    expect(await ids(table, { fromVersion: 4 })).toEqual([]);
    expect(await ids(table, { fromTimestamp: 100 * hour })).toEqual([]);
    for (const range of [{ fromVersion: 5 }, { fromVersion: 0, toVersion: 4 }, { fromVersion: -1 }]) {
      await expect(read(table, range)).rejects.toMatchObject({ code: "delta_version_not_found" });
    }
    for (const range of [
      { fromVersion: 3, toVersion: 1 },
      { fromTimestamp: 2, toTimestamp: 1 },
    ]) {
      await expect(read(table, range)).rejects.toMatchObject({ code: "invalid_argument" });
    }
    await expect(read(table, { fromVersion: 0 }, { columns: ["nope"] })).rejects.toMatchObject({
      code: "invalid_argument",
    });
  });

  test("file_times_rise_with_the_versions, and a commit that was cleaned up is missed", async () => {
    await using lake = await openLake();
    const table = await createTable(lake.context, { schema: struct({ id: "long" }) });
    for (let n = 0; n < 12; n++) await table.append({ rows: [{ id: n }] });
    const times = (await read(table, { fromVersion: 0 })).map((one) => String(one._commit_timestamp));
    expect(times.every((time, index) => index === 0 || time > times[index - 1]!)).toBe(true);
    for (let n = 0; n < 9; n++)
      await lake.store.delete(`${lake.context.path}/_delta_log/${String(n).padStart(20, "0")}.json`);
    const reopened = await openTable(lake.context);
    expect(await ids(reopened, { fromVersion: 11 })).toEqual([10, 11]);
    await expect(read(reopened, { fromVersion: 3 })).rejects.toMatchObject({ code: "delta_version_not_found" });
  });
});

describe("changes_of_files_that_an_overwrite_with_another_schema_removed", () => {
  const feed = async (lake: Lake, from: string, sql: string, to: string, partitionColumns?: readonly string[]) => {
    const table = await createTable(lake.context, { schema: struct({ id: "long", v: from }), configuration: FEED });
    await table.append({ sql: `SELECT 1::BIGINT AS id, ${sql} AS v` });
    const overwriteSchema = { schema: struct({ id: "long", v: to }), ...(partitionColumns && { partitionColumns }) };
    await table.overwrite({ rows: [] }, { overwriteSchema });
    return table;
  };

  test("narrower_values_compare_as_the_wider_type", async () => {
    await using lake = await openLake();
    const table = await feed(lake, "integer", "7", "double");
    for (const fromVersion of [1, 2]) {
      const rows = await read(table, { fromVersion }, { where: [{ column: "v", op: "<", value: 7.4 }] });
      expect(rows.map((row) => row._change_type)).toEqual(["insert", "delete"].slice(fromVersion - 1));
    }
  });

  test.each<[string, string, string, string, (readonly string[])?]>([
    ["type", "string", "'7'", "integer"],
    ["partition", "string", "'7'", "string", ["v"]],
  ])("another_%s_is_refused_also_where_the_range_begins_there", async (_name, from, sql, to, partitionColumns) => {
    await using lake = await openLake();
    const table = await feed(lake, from, sql, to, partitionColumns);
    for (const fromVersion of [1, 2]) {
      await expect(read(table, { fromVersion })).rejects.toMatchObject({ code: "invalid_argument" });
    }
    expect(await read(table, { fromVersion: 1, toVersion: 1 })).toHaveLength(1);
  });
});

test("a_version_of_the_range_that_needs_an_unknown_feature_is_refused, though the last one does not", async () => {
  await using lake = await openLake();
  const { add } = await parquetFile(lake, "f.parquet", "SELECT 1::BIGINT AS id");
  const [protocol, metaData] = described(struct({ id: "long" }), { configuration: FEED });
  const future = { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ["future"], writerFeatures: ["future"] };
  const table = await commitAll(lake, [[protocol!, metaData!], [{ protocol: future }], [{ add }], [protocol!], []]);
  for (const fromVersion of [0, 1, 2]) {
    await expect(read(table, { fromVersion })).rejects.toMatchObject({ code: "delta_unsupported", message: /future/ });
  }
  expect(await read(table, { fromVersion: 3 })).toEqual([]);
});
