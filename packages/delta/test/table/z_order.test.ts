import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createTable, type DeltaTable } from "@cinelake/delta";
import { zOrderSql } from "../../src/table/z_order_sql.ts";
import { codeOf, openLake, rowsOf, struct } from "../support/tables.ts";

/** Places along the curve by the book: ranks scaled to bits, bits interleaved with BigInt. Ties keep their rank, so places may swap. */
function curveKeys(rows: readonly (readonly (number | null)[])[], columns: number): bigint[] {
  const bits = Math.min(16, Math.floor(64 / columns));
  const order = (value: number | null): number => value ?? -Infinity;
  const scaled = rows.map((row) =>
    row.map((value, column) => {
      const below = rows.filter((other) => order(other[column]!) < order(value)).length;
      return Math.floor((below * 2 ** bits) / rows.length);
    }),
  );
  return scaled.map((ranks) => {
    let key = 0n;
    for (let bit = bits - 1; bit >= 0; bit--) for (const rank of ranks) key = key * 2n + BigInt((rank >> bit) & 1);
    return key;
  });
}

test("rows_follow_the_curve: the query's order is that of interleaved ranks, nulls first, for any number of columns", async () => {
  await using lake = await openLake();
  const cell = fc.option(fc.integer({ min: -5, max: 5 }));
  const tables = fc
    .integer({ min: 1, max: 6 })
    .chain((columns) =>
      fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { minLength: 1, maxLength: 40 }),
    );
  await fc.assert(
    fc.asyncProperty(tables, async (rows) => {
      const names = rows[0]!.map((_, index) => `c${index}`);
      const values = rows.map((row, id) => `(${[id, ...row.map((value) => value ?? "NULL::INTEGER")].join(", ")})`);
      const relation = `(VALUES ${values.join(", ")}) AS t(id, ${names.join(", ")})`;
      const found = await lake.engine.rows<{ id: number; at: number }>(zOrderSql(relation, names, ["id"], "at"));
      expect(found.map(({ at }) => at)).toEqual(rows.map((_, index) => index));
      expect(found.map(({ id }) => id).toSorted((a, b) => a - b)).toEqual(rows.map((_, index) => index));
      const keys = curveKeys(rows, names.length);
      const inOrder = found.map(({ id }) => keys[id]!);
      expect(inOrder).toEqual(inOrder.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
    }),
    { numRuns: 60 },
  );
});

test("any_ordered_type_can_be_on_the_curve", async () => {
  await using lake = await openLake();
  const types = [
    "byte",
    "decimal(38,2)",
    "double",
    "boolean",
    "string",
    "binary",
    "date",
    "timestamp",
    "timestamp_ntz",
  ] as const;
  const schema = struct({ id: "long", ...Object.fromEntries(types.map((type, index) => [`c${index}`, type])) });
  const table = await createTable(lake.context, { schema });
  const row = (id: number): Record<string, unknown> => ({
    id,
    c0: id,
    c1: `-${id}.25`,
    c2: id % 3 === 0 ? Number.NaN : id,
    c3: id % 2 === 0,
    c4: "x".repeat(id),
    c5: Uint8Array.of(id),
    c6: "2020-01-01",
    c7: "2020-01-01T00:00:00.000000Z",
    c8: id % 2 === 0 ? null : "2020-01-01T00:00:00.000000",
  });
  await table.append({ rows: [row(1), row(2)] });
  await table.append({ rows: [row(3)] });
  const before = await rowsOf(table);
  const result = await table.optimize({ zOrderBy: types.map((_, index) => `c${index}`) });
  expect(result).toMatchObject({ committed: true, addedFiles: 1, removedFiles: 2 });
  expect(await rowsOf(table)).toEqual(before);
});

test("z_order_prunes_better: a range of either column opens fewer files than before, and finds the same rows", async () => {
  await using lake = await openLake();
  const table = await createTable(lake.context, { schema: struct({ x: "long", y: "string", z: "double" }) });
  const random = "hash(i * 7 + 1) % 1000 AS a, hash(i * 13 + 5) % 1000 AS b";
  for (let part = 0; part < 4; part++) {
    await table.append({
      sql: `SELECT a::BIGINT AS x, format('{:04d}', b::BIGINT) AS y, i::DOUBLE AS z FROM (SELECT i, ${random} FROM range(${part * 5000}, ${part * 5000 + 5000}) AS r(i))`,
    });
  }
  const ranges = [
    [
      { column: "x", op: ">=", value: 100 },
      { column: "x", op: "<", value: 150 },
    ],
    [
      { column: "y", op: ">=", value: "0700" },
      { column: "y", op: "<", value: "0750" },
    ],
  ] as const;
  const look = async (): Promise<{ opened: number; sum: unknown }[]> => {
    const snapshot = await table.snapshot();
    const found: { opened: number; sum: unknown }[] = [];
    for (const where of ranges) {
      await using scan = await snapshot.scan({ where });
      const [row] = await lake.engine.rows(`SELECT count(*) AS rows, sum(z) AS sum FROM ${scan.sql}`);
      found.push({ opened: scan.files / scan.totalFiles, sum: row });
    }
    return found;
  };
  const before = await look();
  const bytes = (await table.describe()).bytes;
  await table.optimize({ zOrderBy: ["x", "y"], targetFileSize: bytes / 16 });
  const after = await look();
  expect((await table.describe()).files).toBe(16);
  expect(after.map(({ sum }) => sum)).toEqual(before.map(({ sum }) => sum));
  expect(before.map(({ opened }) => opened)).toEqual([1, 1]);
  // Sixteen files are about a grid of four by four, of which a narrow range of one column crosses a line, and some neighbours.
  for (const { opened } of after) expect(opened).toBeLessThanOrEqual(0.6);
});

test("z_order_keeps_to_partitions, and is done again when it is asked for again", async () => {
  await using lake = await openLake();
  const table = await createTable(lake.context, {
    schema: struct({ v: "long", rowid: "long", p: "string" }),
    partitionColumns: ["p"],
  });
  const row = (v: number): Record<string, unknown> => ({ v, rowid: -v, p: v % 2 ? "x" : null });
  for (let part = 0; part < 3; part++) await table.append({ rows: [row(part), row(part + 11), row(part + 20)] });
  const before = await rowsOf(table);
  expect(await table.optimize({ zOrderBy: ["v"] })).toMatchObject({ addedFiles: 2, removedFiles: 6 });
  expect(await table.optimize({ zOrderBy: ["v", "rowid"] })).toMatchObject({ addedFiles: 2, removedFiles: 2 });
  expect(await rowsOf(table)).toEqual(before);
  const [{ operation, metrics } = expect.fail("no history")] = await table.history(1);
  expect(operation).toBe("OPTIMIZE");
  expect(metrics).toMatchObject({ numAddedFiles: "2", numRemovedFiles: "2" });
});

const refuse = (table: DeltaTable, zOrderBy: string[]): Promise<string> => codeOf(table.optimize({ zOrderBy }));

test("a_curve_over_columns_without_order_is_refused: partitions, lists, strangers, the same twice", async () => {
  await using lake = await openLake();
  const list = { type: "array", elementType: "long", containsNull: true } as const;
  const table = await createTable(lake.context, {
    schema: struct({ v: "long", l: list, p: "string" }),
    partitionColumns: ["p"],
  });
  for (const columns of [["p"], ["l"], ["nobody"], ["v", "v"]]) {
    expect(await refuse(table, columns)).toBe("invalid_argument");
  }
});
