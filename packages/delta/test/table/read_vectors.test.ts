import { counting, temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { openTable, type DeltaTable, type Row } from "@cinelake/delta";
import { openRows } from "../../src/data/open_rows.ts";
import { loadState } from "../../src/log/load.ts";
import { encodeRows, encodeZ85, inlineVector, vectorFile } from "../support/deletion_vectors.ts";
import { commitAll, described, parquetFile } from "../support/hand_made.ts";
import { openLake, rowsOf, struct } from "../support/tables.ts";

const schema = struct({ id: "long", p: "string" });
const numbers = (count: number): string => `SELECT i AS id, 'x' || i AS p FROM range(${count}) t(i)`;
const ids = async (table: DeltaTable): Promise<unknown[]> =>
  (await rowsOf(table)).map((row) => row.id).sort((a, b) => Number(a) - Number(b));
const UUID = "d2c639aa-8816-431a-aaf6-d3fe2512ff61";
const encodedUuid = encodeZ85(Uint8Array.from(Buffer.from(UUID.replaceAll("-", ""), "hex")));

test("deleted_rows_are_not_there: inline, relative and absolute vectors beside a file without one", async () => {
  await using folder = await temporaryDirectory();
  await using lake = await openLake(folder.path);
  const { bytes, places } = vectorFile([encodeRows([0]), encodeRows([2, 3])]);
  await lake.store.put(`lake/t/ab/deletion_vector_${UUID}.bin`, bytes);
  const files = await Promise.all(
    [1, 2, 3, 4].map((n) => parquetFile(lake, `f${n}.parquet`, `SELECT id + ${n * 10} AS id, p FROM (${numbers(4)})`)),
  );
  const [a, b, c, d] = files.map(({ add }) => add) as [never, never, never, never] as (typeof files)[0]["add"][];
  const absolute = `${lake.store.url}/lake/t/ab/deletion_vector_${UUID}.bin`;
  const table = await commitAll(lake, [
    [
      ...described(schema),
      { add: { ...a!, deletionVector: inlineVector([1, 3]) } },
      {
        add: {
          ...b!,
          deletionVector: { storageType: "u", pathOrInlineDv: `ab${encodedUuid}`, ...places[0]!, cardinality: 1 },
        },
      },
      { add: { ...c!, deletionVector: { storageType: "p", pathOrInlineDv: absolute, ...places[1]!, cardinality: 2 } } },
      { add: d! },
    ],
  ]);
  expect(await ids(table)).toEqual([10, 12, 21, 22, 23, 30, 31, 40, 41, 42, 43]);
  const snapshot = await table.snapshot();
  expect(snapshot.rowCount).toBe(11);
  const some = await Array.fromAsync(snapshot.read({ where: [{ column: "id", op: "<", value: 30 }], columns: ["id"] }));
  expect(
    some
      .flat()
      .map((row) => row.id)
      .sort(),
  ).toEqual([10, 12, 21, 22, 23]);
});

test("positions_are_rows_of_the_file, deleted ones counted, for any choice of files", async () => {
  await using lake = await openLake();
  const files = await Promise.all(
    [0, 1, 2].map((n) => parquetFile(lake, `f${n}.parquet`, `SELECT id + ${n * 10} AS id, p FROM (${numbers(3)})`)),
  );
  const adds = files.map(({ add }, n) => (n === 1 ? add : { ...add, deletionVector: inlineVector([n]) }));
  await commitAll(lake, [[...described(schema), ...adds.map((add) => ({ add }))]]);
  const state = (await loadState(lake.context))!;
  await using rows = await openRows(lake.context, state, adds);
  const found = async (chosen?: number[]): Promise<Row[]> =>
    lake.engine.rows(
      `SELECT file, row, id FROM ${rows.relation({ position: { file: "file", row: "row" }, ...(chosen && { files: chosen }) })} ORDER BY file, row`,
    );
  const expected = [
    { file: 0, row: 1, id: 1 },
    { file: 0, row: 2, id: 2 },
    { file: 1, row: 0, id: 10 },
    { file: 1, row: 1, id: 11 },
    { file: 1, row: 2, id: 12 },
    { file: 2, row: 0, id: 20 },
    { file: 2, row: 1, id: 21 },
  ];
  expect(await found()).toEqual(expected);
  expect(await found([2, 1])).toEqual(expected.slice(2));
  expect(await found([2])).toEqual(expected.slice(5));
  expect(await found([])).toEqual([]);
});

test("each_vector_file_is_read_once, and nothing is left in the engine", async () => {
  await using lake = await openLake();
  const { bytes, places } = vectorFile([encodeRows([0]), encodeRows([1])]);
  await lake.store.put(`lake/t/deletion_vector_${UUID}.bin`, bytes);
  const files = await Promise.all([0, 1].map((n) => parquetFile(lake, `f${n}.parquet`, numbers(2))));
  const adds = files.map(({ add }, n) => ({
    add: { ...add, deletionVector: { storageType: "u", pathOrInlineDv: encodedUuid, ...places[n]!, cardinality: 1 } },
  }));
  await commitAll(lake, [[...described(schema), ...adds]]);
  const { port: store, calls } = counting(lake.store);
  const table = await openTable({ ...lake.context, store });
  const before = calls.get("getRange") ?? 0;
  expect(await ids(table)).toEqual([0, 1]);
  expect((calls.get("getRange") ?? 0) - before).toBe(1);
  expect(await lake.engine.rows("SELECT table_name FROM duckdb_tables()")).toEqual([]);
});

test("a_vector_that_is_damaged_fails_the_read", async () => {
  await using lake = await openLake();
  const { bytes, places } = vectorFile([encodeRows([0])]);
  bytes[10]! ^= 1;
  await lake.store.put(`lake/t/deletion_vector_${UUID}.bin`, bytes);
  const { add } = await parquetFile(lake, "f.parquet", numbers(2));
  const deletionVector = { storageType: "u", pathOrInlineDv: encodedUuid, ...places[0]!, cardinality: 1 };
  const table = await commitAll(lake, [[...described(schema), { add: { ...add, deletionVector } }]]);
  await expect(rowsOf(table)).rejects.toMatchObject({ code: "delta_corrupt" });
  expect(await lake.engine.rows("SELECT table_name FROM duckdb_tables()")).toEqual([]);
});

test("writers_take_vectors_into_account: delete, merge and optimize leave no deleted row behind", async () => {
  await using lake = await openLake();
  const { add } = await parquetFile(lake, "f.parquet", numbers(6));
  const table = await commitAll(lake, [
    [...described(schema), { add: { ...add, deletionVector: inlineVector([0, 4]) } }],
  ]);
  await table.merge(
    {
      rows: [
        { id: 1, p: "new" },
        { id: 4, p: "back" },
      ],
    },
    { key: ["id"] },
  );
  await table.delete({ where: [{ column: "id", op: "=", value: 2 }] });
  expect(await rowsOf(table)).toEqual([
    { id: 1, p: "new" },
    { id: 3, p: "x3" },
    { id: 4, p: "back" },
    { id: 5, p: "x5" },
  ]);
});
