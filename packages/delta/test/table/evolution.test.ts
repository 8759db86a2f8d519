import { describe, expect, test } from "vitest";
import { createTable, openTable, type StructType } from "@cinelake/delta";
import { codeOf, commitOf, openLake, rowsOf, struct } from "../support/tables.ts";

const schema = struct({ "id!": "long", s: struct({ a: "integer" }) });

describe("merge_schema", () => {
  test("new_columns_and_nested_fields_come_from_the_source, old rows hold null there", async () => {
    await using lake = await openLake();
    const table = await createTable(lake.context, { schema });
    await table.append({ sql: "SELECT 1::BIGINT AS id, {a: 1::INT} AS s" });
    const wide = "SELECT 2::BIGINT AS id, {a: 2::INT, b: 'new'} AS s, [1.5::DOUBLE] AS list, now() AS at";
    expect(await codeOf(table.append({ sql: wide }))).toBe("delta_schema_mismatch");
    await table.append({ sql: wide }, { mergeSchema: true });
    const snapshot = await table.snapshot();
    expect(snapshot.schema.fields.map(({ name, type, nullable }) => [name, type, nullable])).toEqual([
      ["id", "long", false],
      ["s", struct({ a: "integer", b: "string" }), true],
      ["list", { type: "array", elementType: "double", containsNull: true }, true],
      ["at", "timestamp", true],
    ]);
    expect((await rowsOf(table)).map(({ id, s, list }) => ({ id, s, list }))).toEqual([
      { id: 1, s: { a: 1, b: null }, list: null },
      { id: 2, s: { a: 2, b: "new" }, list: [1.5] },
    ]);
    expect((await (await openTable(lake.context)).snapshot({ version: 1 })).schema).toEqual(schema);
  });

  test("rows_say_their_schema", async () => {
    await using lake = await openLake();
    const table = await createTable(lake.context, { schema: struct({ id: "long" }) });
    const source = { rows: [{ id: 1, tag: "x" }], schema: struct({ id: "long", tag: "string" }) };
    expect(await codeOf(table.append(source))).toBe("delta_schema_mismatch");
    await table.append(source, { mergeSchema: true });
    await table.merge(
      { rows: [{ id: 1, more: 5 }], schema: struct({ id: "long", more: "integer" }) },
      {
        key: ["id"],
        mergeSchema: true,
      },
    );
    expect(await rowsOf(table)).toEqual([{ id: 1, tag: null, more: 5 }]);
  });

  test("timestamps_of_other_units_are_added_as_timestamp_ntz", async () => {
    await using lake = await openLake();
    const table = await createTable(lake.context, { schema: struct({ id: "long" }) });
    const sql = "SELECT 1::BIGINT AS id, '2026-01-01'::TIMESTAMP_S AS s, '2026-01-01'::TIMESTAMP_MS AS ms";
    await table.append({ sql }, { mergeSchema: true });
    const at = "2026-01-01T00:00:00.000000";
    expect(await rowsOf(table)).toEqual([{ id: 1, s: at, ms: at }]);
  });

  test("a_type_that_delta_lacks_is_named", async () => {
    await using lake = await openLake();
    const table = await createTable(lake.context, { schema: struct({ id: "long" }) });
    const work = table.append({ sql: "SELECT 1::BIGINT AS id, INTERVAL 1 DAY AS pause" }, { mergeSchema: true });
    await expect(work).rejects.toThrow(/Column pause is INTERVAL/);
  });
});

test("overwrite_schema_replaces_columns_and_partitions, old versions keep theirs", async () => {
  await using lake = await openLake();
  const table = await createTable(lake.context, {
    schema: struct({ id: "long", p: "string" }),
    partitionColumns: ["p"],
  });
  await table.append({ rows: [{ id: 1, p: "x" }] });
  const other = struct({ id: "string", day: "date" });
  const options = { overwriteSchema: { schema: other, partitionColumns: ["day"] } };
  expect(
    await codeOf(table.overwrite({ rows: [] }, { ...options, where: [{ column: "p", op: "=", value: "x" }] })),
  ).toBe("invalid_argument");
  await table.overwrite({ rows: [{ id: "a", day: "2026-01-02" }] }, options);
  expect(await rowsOf(table)).toEqual([{ id: "a", day: "2026-01-02" }]);
  expect((await table.snapshot()).partitionColumns).toEqual(["day"]);
  expect(await rowsOf(table, 1)).toEqual([{ id: 1, p: "x" }]);
});

test("overwrite_schema_needs_the_columns_of_the_constraints", async () => {
  await using lake = await openLake();
  const configuration = { "delta.constraints.c": "v > 0" };
  const table = await createTable(lake.context, { schema: struct({ id: "long", v: "long" }), configuration });
  const write = table.overwrite({ rows: [] }, { overwriteSchema: { schema: struct({ id: "long" }) } });
  await expect(write).rejects.toThrow("The constraint c (v > 0) cannot be evaluated");
});

describe("alter", () => {
  test("columns_properties_and_constraints_in_one_commit", async () => {
    await using lake = await openLake();
    const table = await createTable(lake.context, {
      schema: struct({ id: "long" }),
      configuration: { a: "1", b: "2" },
    });
    await table.append({ rows: [{ id: 1 }] });
    await table.alter({
      addColumns: struct({ note: "string" }).fields,
      setProperties: { c: "3" },
      unsetProperties: ["a"],
      addConstraints: { positive: "`id` > 0" },
    });
    const snapshot = await table.snapshot();
    expect(snapshot.version).toBe(2);
    expect(snapshot.configuration).toEqual({ b: "2", c: "3", "delta.constraints.positive": "`id` > 0" });
    const protocol = (await commitOf(lake, 2)).find((action) => action.protocol)!.protocol!;
    expect(protocol).toEqual({
      minReaderVersion: 1,
      minWriterVersion: 7,
      writerFeatures: ["appendOnly", "checkConstraints", "invariants"],
    });
    expect(await rowsOf(table)).toEqual([{ id: 1, note: null }]);
    expect(await table.alter({ setProperties: { c: "3" } })).toMatchObject({ version: 2, committed: false });
  });

  test.each([
    ["a column that takes no null", { addColumns: struct({ "n!": "long" }).fields }, "invalid_argument"],
    ["a column that is there", { addColumns: struct({ ID: "long" }).fields }, "invalid_argument"],
    ["a constraint that rows break", { addConstraints: { big: "id > 1" } }, "delta_schema_mismatch"],
    ["a constraint that is null for a row", { addConstraints: { v: "v > 1" } }, "delta_schema_mismatch"],
    ["a constraint over no column", { addConstraints: { c: "nope > 1" } }, "delta_unsupported"],
    ["a constraint that is not there", { dropConstraints: ["nope"] }, "invalid_argument"],
    ["a constraint by a property", { setProperties: { "delta.constraints.big": "id > 1" } }, "invalid_argument"],
    [
      "a constraint by a commit's property",
      { configuration: { "delta.constraints.big": "id > 1" } },
      "invalid_argument",
    ],
    ["another mapping mode", { setProperties: { "delta.columnMapping.mode": "id" } }, "invalid_argument"],
  ])("what_cannot_be_is_refused: %s", async (_name, options, code) => {
    await using lake = await openLake();
    const table = await createTable(lake.context, { schema: struct({ id: "long", v: "long" }) });
    await table.append({ rows: [{ id: 1 }] });
    expect(await codeOf(table.alter(options))).toBe(code);
    expect((await table.snapshot()).version).toBe(1);
  });
});

test.each<[string, StructType, Record<string, string>]>([
  ["check", struct({ id: "long", v: "integer" }), { "delta.constraints.c": "v between 1 and 5" }],
  [
    "invariant of a column",
    {
      type: "struct",
      fields: [
        ...struct({ id: "long" }).fields,
        {
          name: "v",
          type: "integer",
          nullable: true,
          metadata: { "delta.invariants": '{"expression":{"expression":"v >= 1 AND v <= 5"}}' },
        },
      ],
    },
    {},
  ],
  [
    "texts as Spark writes them",
    struct({ id: "long", v: "integer" }),
    { "delta.constraints.c": String.raw`v BETWEEN 1 AND 5 AND 'it\'s' = "it's" AND length('\\\t') = 2` },
  ],
])("constraints_hold_for_every_writer: %s", async (_name, columns, configuration) => {
  await using lake = await openLake();
  const table = await createTable(lake.context, { schema: columns, configuration });
  await table.append({ rows: [{ id: 1, v: 1 }] });
  const broken = { rows: [{ id: 2, v: 6 }] };
  const writes = [
    () => table.append(broken),
    () => table.append({ rows: [{ id: 2, v: null }] }),
    () => table.append({ sql: "SELECT 2::BIGINT AS id, 0::INT AS v" }),
    () => table.overwrite(broken),
    () => table.merge(broken, { key: ["id"] }),
    () => table.update({ set: { v: { sql: "v + 5" } } }),
  ];
  for (const write of writes) await expect(write()).rejects.toMatchObject({ code: "delta_schema_mismatch" });
  expect((await table.snapshot()).version).toBe(1);
  await table.update({ set: { v: { sql: "v + 4" } } });
  expect(await rowsOf(table)).toEqual([{ id: 1, v: 5 }]);
});

test("invariants_hold_within_structs", async () => {
  const metadata = { "delta.invariants": '{"expression":{"expression":"s.a > 0"}}' };
  const inner: StructType = { type: "struct", fields: [{ name: "a", type: "long", nullable: true, metadata }] };
  await using lake = await openLake();
  const table = await createTable(lake.context, { schema: struct({ s: inner }) });
  await table.append({ rows: [{ s: { a: 1 } }] });
  await expect(table.append({ rows: [{ s: { a: 0 } }] })).rejects.toMatchObject({
    code: "delta_schema_mismatch",
    details: { constraint: "s.a" },
  });
});

test.each(["_change_type", "_COMMIT_VERSION"])("a_feed_needs_its_names: not beside a column %s", async (name) => {
  await using lake = await openLake();
  const options = { schema: struct({ id: "long", [name]: "string" }) };
  const configuration = { "delta.enableChangeDataFeed": "true" };
  expect(await codeOf(createTable(lake.context, { ...options, configuration }))).toBe("invalid_argument");
  const table = await createTable(lake.context, options);
  expect(await codeOf(table.alter({ setProperties: configuration }))).toBe("invalid_argument");
});

describe("in_commit_timestamps", () => {
  const configuration = { "delta.enableInCommitTimestamps": "true" };

  test("they_rise_with_every_version, whatever the clock says", async () => {
    await using lake = await openLake();
    let now = 1_000_000;
    const context = { ...lake.context, now: () => now };
    const table = await createTable(context, { schema: struct({ id: "long" }), configuration });
    for (const clock of [2_000_000, 1_500_000, 1_500_000, 3_000_000]) {
      now = clock;
      await table.append({ rows: [{ id: clock }] });
    }
    const history = await table.history();
    expect(history.map(({ timestamp }) => timestamp)).toEqual([3_000_000, 2_000_002, 2_000_001, 2_000_000, 1_000_000]);
    expect((await table.snapshot({ timestamp: 2_000_001 })).version).toBe(2);
    expect(Object.keys((await commitOf(lake, 1))[0]!.commitInfo!)[0]).toBe("inCommitTimestamp");
  });

  test("a_commit_that_lost_its_version_is_stamped_anew", async () => {
    await using lake = await openLake();
    const fast = await createTable(
      { ...lake.context, now: () => 5_000 },
      { schema: struct({ id: "long" }), configuration },
    );
    const slow = await openTable({ ...lake.context, now: () => 1_000 });
    const state = await slow.snapshot();
    expect(state.version).toBe(0);
    await Promise.all([fast.append({ rows: [{ id: 1 }] }), slow.append({ rows: [{ id: 2 }] })]);
    const times = (await fast.history()).map(({ timestamp }) => timestamp).reverse();
    expect(times[1]).toBeGreaterThan(times[0]!);
    expect(times[2]).toBeGreaterThan(times[1]!);
  });

  test("turned_on_later_the_table_says_since_when", async () => {
    await using lake = await openLake();
    const table = await createTable({ ...lake.context, now: () => 7_000 }, { schema: struct({ id: "long" }) });
    await table.append({ rows: [{ id: 1 }] });
    await table.alter({ setProperties: configuration });
    await table.append({ rows: [{ id: 2 }] });
    const snapshot = await table.snapshot();
    const enabled = Number(snapshot.configuration["delta.inCommitTimestampEnablementTimestamp"]);
    expect(snapshot.configuration["delta.inCommitTimestampEnablementVersion"]).toBe("2");
    expect((await commitOf(lake, 2))[0]!.commitInfo!.inCommitTimestamp).toBe(enabled);
    expect((await commitOf(lake, 3))[0]!.commitInfo!.inCommitTimestamp).toBeGreaterThan(enabled);
  });
});

test("files_that_hold_none_of_the_columns_still_hold_their_rows", async () => {
  await using lake = await openLake();
  const configuration = { "delta.columnMapping.mode": "name" };
  const table = await createTable(lake.context, { schema: struct({ a: "long" }), configuration });
  await table.append({ rows: [{ a: 1 }, { a: 2 }] });
  const key = "lake/t/_delta_log/00000000000000000000.json";
  const metaData = (await commitOf(lake, 0)).find((action) => action.metaData)!.metaData!;
  const field = struct({ b: "string" }).fields[0]!;
  const schema = {
    type: "struct",
    fields: [{ ...field, metadata: { "delta.columnMapping.id": 2, "delta.columnMapping.physicalName": "col-b" } }],
  };
  // Column a dropped and b added, as other writers do: here columns are not dropped.
  const dropped = { metaData: { ...metaData, schemaString: JSON.stringify(schema) } };
  await lake.store.put(key.replace("0.json", "2.json"), new TextEncoder().encode(`${JSON.stringify(dropped)}\n`));
  expect(await rowsOf(await openTable(lake.context))).toEqual([{ b: null }, { b: null }]);
});
