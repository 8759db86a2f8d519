import { createTable, type DeltaTable, type StructType } from "@cinelake/delta";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSharedLake, type SharedLake } from "../support/other_engines.ts";
import { portableChanges, sortedRows, type PortableRow } from "../support/portable.ts";
import { struct } from "../support/tables.ts";

const schema: StructType = struct({ id: "long", kind: "string", score: "double" });

/** Partitions have plain names, for delta-rs finds no change files in encoded folders. Id, kind, score, what became of the row, in which version. */
const feed = [
  ["1", "a", "5e-1", "insert", "1"],
  ["2", "a", "1e+0", "insert", "1"],
  ["3", "b", null, "insert", "1"],
  ["4", "b", "2e+0", "insert", "2"],
  ["1", "a", "5e-1", "update_preimage", "3"],
  ["1", "a", "1e+1", "update_postimage", "3"],
  ["2", "a", "1e+0", "update_preimage", "3"],
  ["2", "a", "1e+1", "update_postimage", "3"],
  ["4", "b", "2e+0", "delete", "4"],
  ["3", "b", null, "update_preimage", "5"],
  ["3", "b", "3e+0", "update_postimage", "5"],
  ["5", "a", "4e+0", "insert", "5"],
  ["3", "b", "3e+0", "delete", "6"],
  ["1", "a", "1e+1", "delete", "7"],
  ["2", "a", "1e+1", "delete", "7"],
  ["5", "a", "4e+0", "delete", "7"],
  ["9", "c", "1e+0", "insert", "7"],
].map(([id, kind, score, change, version]) => ({ id, kind, score, _change_type: change, _commit_version: version }));

let shared: SharedLake;
let table: DeltaTable;

/** Inserts, an update, deletes of rows and of a whole partition, a merge, and an overwrite of all. */
beforeAll(async () => {
  shared = await openSharedLake();
  const configuration = { "delta.enableChangeDataFeed": "true" };
  const options = { schema, partitionColumns: ["kind"], configuration };
  table = await createTable({ ...shared.lake.context, path: "feed" }, options);
  const row = (id: number, kind: string, score: number | null): Record<string, unknown> => ({ id, kind, score });
  await table.append({ rows: [row(1, "a", 0.5), row(2, "a", 1), row(3, "b", null)] });
  await table.append({ rows: [row(4, "b", 2)] });
  await table.update({ set: { score: { value: 10 } }, where: [{ column: "kind", op: "=", value: "a" }] });
  await table.delete({ condition: "id = 4" });
  await table.merge({ rows: [row(3, "b", 3), row(5, "a", 4)] }, { key: ["id"] });
  await table.delete({ where: [{ column: "kind", op: "=", value: "b" }] });
  await table.overwrite({ rows: [row(9, "c", 1)] });
});
afterAll(() => shared[Symbol.asyncDispose]());

test("delta-rs reads the change data feed that is written here", async () => {
  const seen = await shared.deltaRs.call<PortableRow[]>("changes", shared.folder("feed"));
  expect(sortedRows(seen)).toEqual(sortedRows(feed as PortableRow[]));
});

test("delta-rs reads some versions of it", async () => {
  const seen = await shared.deltaRs.call<PortableRow[]>("changes", shared.folder("feed"), { start: 3, end: 5 });
  const wanted = feed.filter(({ _commit_version: version }) => Number(version) >= 3 && Number(version) <= 5);
  expect(sortedRows(seen)).toEqual(sortedRows(wanted as PortableRow[]));
});

test("the same changes are read here", async () => {
  expect(sortedRows(await portableChanges(table))).toEqual(sortedRows(feed as PortableRow[]));
});
