import { spawnSync } from "node:child_process";
import { tableFromIPC, tableToIPC, Table, type RecordBatch } from "apache-arrow";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTable, type Row, type StructType } from "@cinelake/delta";
import { arrowRows } from "../support/arrow_rows.ts";
import { openLake, struct, type Lake } from "../support/tables.ts";
import { dataType, valueOf } from "../support/typed_values.ts";

let lake: Lake;
let tables = 0;
beforeAll(async () => {
  lake = await openLake();
});
afterAll(() => lake[Symbol.asyncDispose]());

const byNumber = (a: Row, b: Row): number => Number(a.n) - Number(b.n);

async function readBoth(schema: StructType, rows: readonly Row[]): Promise<[Row[], Row[], RecordBatch[]]> {
  const table = await createTable({ ...lake.context, path: `arrow${tables++}` }, { schema });
  await table.append({ rows: rows.slice(0, rows.length / 2) });
  await table.append({ rows: rows.slice(rows.length / 2) });
  const snapshot = await table.snapshot();
  const batches = await Array.fromAsync(snapshot.arrow());
  const read = (await Array.fromAsync(snapshot.read())).flat();
  return [batches.flatMap(arrowRows).sort(byNumber), read.sort(byNumber), batches];
}

test("arrow_rows_equal_read_rows: random values of random types, nulls at all levels", async () => {
  const type = fc.array(dataType, { minLength: 1, maxLength: 3 });
  const given = type.chain((types) => {
    const columns = Object.fromEntries(types.map((one, place) => [`c${place}`, one]));
    const values = Object.fromEntries(types.map((one, place) => [`c${place}`, valueOf(one)]));
    return fc.tuple(fc.constant(struct({ n: "long", ...columns })), fc.array(fc.record(values), { maxLength: 20 }));
  });
  await fc.assert(
    fc.asyncProperty(given, async ([schema, values]) => {
      const rows: Row[] = values.map((row, n) => ({ n, ...row }));
      const [arrow, read] = await readBoth(schema, rows);
      expect(arrow).toEqual(read);
      expect(read).toEqual(rows);
    }),
    { numRuns: 60 },
  );
});

test("many_chunks_of_lists_and_long_strings_survive_ipc", async () => {
  const element = struct({ text: "string", amount: "decimal(20,3)" });
  const schema = struct({ n: "long", list: { type: "array", elementType: element, containsNull: true } });
  const rows = Array.from({ length: 5000 }, (_, n) => ({
    n,
    list:
      n % 7 === 0
        ? null
        : Array.from({ length: n % 4 }, (_item, i) =>
            i === 2 ? null : { text: "x".repeat(n % 40), amount: `${n}.00${i}` },
          ),
  }));
  const [arrow, read, batches] = await readBoth(schema, rows);
  expect(arrow).toEqual(read);
  expect(arrow).toEqual(rows);
  const copy = tableFromIPC(tableToIPC(new Table(batches)));
  expect(copy.batches.flatMap(arrowRows).sort(byNumber)).toEqual(rows);
});

test("a_table_without_rows_has_a_schema: one empty batch, with what takes no null", async () => {
  const list = { type: "array", elementType: "long", containsNull: false } as const;
  const map = { type: "map", keyType: "string", valueType: "date", valueContainsNull: false } as const;
  const schema = struct({
    "id!": "long",
    at: "timestamp",
    local: "timestamp_ntz",
    list,
    map,
    s: struct({ "x!": "byte" }),
  });
  const table = await createTable({ ...lake.context, path: "arrow_empty" }, { schema });
  const snapshot = await table.snapshot();
  const text = (batches: readonly RecordBatch[]): string[] =>
    batches[0]!.schema.fields.map((field) => `${String(field)} ${field.nullable}`);
  const empty = await Array.fromAsync(snapshot.arrow());
  expect(empty.map((batch) => batch.numRows)).toEqual([0]);
  const expected = [
    "id: Int64 false",
    "at: Timestamp<MICROSECOND, UTC> true",
    "local: Timestamp<MICROSECOND> true",
    "list: List<Int64> true",
    "map: Map<{key:Utf8, value:Date32<DAY>}> true",
    "s: Struct<{x:Int8}> true",
  ];
  expect(text(empty)).toEqual(expected);
  await table.append({ rows: [{ id: 1, map: new Map(), s: { x: 1 } }] });
  const full = await Array.fromAsync((await table.snapshot()).arrow());
  expect(text(full)).toEqual(expected);
  const [listField, mapField, structField] = full[0]!.schema.fields.slice(3);
  expect(listField!.type.children[0].nullable).toBe(false);
  expect(mapField!.type.children[0].type.children.map((field: { nullable: boolean }) => field.nullable)).toEqual([
    false,
    false,
  ]);
  expect(structField!.type.children[0].nullable).toBe(false);
  const none = await Array.fromAsync((await table.snapshot()).arrow({ where: [{ column: "id", op: ">", value: 1 }] }));
  expect(none.map((batch) => batch.numRows)).toEqual([0]);
});

test("arrow_is_loaded_only_by_those_who_want_it", () => {
  const program = `import { registerHooks } from "node:module";
    let loads = 0;
    registerHooks({ resolve: (name, context, next) => ((loads += name === "apache-arrow"), next(name, context)) });
    const { openSqlEngine } = await import("@cinelake/delta");
    await using engine = await openSqlEngine({ threads: 1 });
    const before = loads;
    for await (const batch of engine.arrow("SELECT 1 AS one")) console.log(before, loads, batch.numRows);`;
  const cwd = new URL("../../", import.meta.url);
  const ran = spawnSync(process.execPath, ["--input-type=module", "-e", program], { cwd, encoding: "utf8" });
  expect(ran.stdout.trim()).toBe("0 1 1");
});
