import { readdir } from "node:fs/promises";
import { openDeltaRs } from "@cinelake/testkit";
import { createTable, openTable } from "@cinelake/delta";
import { expect, test } from "vitest";
import { chdbRows, openSharedLake, portableRows, type SharedLake } from "../support/other_engines.ts";
import { sortedRows, type PortableRow } from "../support/portable.ts";
import { struct } from "../support/tables.ts";
import { runWriter } from "../support/writers.ts";

const schema = struct({ writer: "string", n: "long" });

test("writers_of_both_kinds_that_commit_at_once_lose_nothing", async () => {
  await using shared = await openSharedLake();
  await createTable(
    { ...shared.lake.context, path: "t" },
    { schema, configuration: { "delta.checkpointInterval": "7" } },
  );
  const commits = 8;
  const ours = ["ours 1", "ours 2"];
  const theirs = ["theirs 1", "theirs 2"];
  await Promise.all([
    ...ours.map((writer) => appendHere(shared, writer, commits)),
    ...theirs.map((writer) => appendThere(shared, writer, commits)),
  ]);
  const written = [...ours, ...theirs].flatMap((writer) => rowsOf(writer, 1, commits));
  expect(await versionsOf(shared, "t")).toEqual(Array.from({ length: 1 + written.length }, (_, version) => version));
  await expectEverywhere(shared, "t", written);
});

test("writers_of_both_kinds_in_turn_go_on_where_the_other_stopped", async () => {
  await using shared = await openSharedLake();
  const folder = shared.folder("t");
  const rs = shared.deltaRs;
  const table = await createTable({ ...shared.lake.context, path: "t" }, { schema, partitionColumns: ["writer"] });
  const there = (from: number, to: number): Record<string, unknown> => ({ rows: rowsOf("theirs", from, to), schema });
  await rs.call("write", folder, there(1, 3));
  await table.append({ rows: rowsHere("ours", 1, 5) });
  await rs.call("delete", folder, { predicate: "n = 2" });
  await table.merge({ rows: [...rowsHere("theirs", 3, 4), ...rowsHere("ours", 5, 6)] }, { key: ["writer", "n"] });
  await rs.call("checkpoint", folder);
  await table.delete({ condition: "n = 4" });
  await rs.call("merge", folder, { ...there(5, 6), predicate: "s.writer = t.writer AND s.n = t.n" });
  await rs.call("optimize", folder);
  await table.update({ set: { n: { sql: "n + 100" } }, where: [{ column: "writer", op: "=", value: "theirs" }] });
  await table.checkpoint();
  await rs.call("vacuum", folder);
  await rs.call("write", folder, { ...there(7, 7), mode: "overwrite", predicate: "writer = 'theirs' AND n < 102" });

  await expectEverywhere(shared, "t", [
    ...[1, 3, 5, 6].map((n) => ({ writer: "ours", n: String(n) })),
    ...[103, 105, 106, 7].map((n) => ({ writer: "theirs", n: String(n) })),
  ]);
  const versions = await versionsOf(shared, "t");
  expect(versions).toEqual(Array.from(versions, (_, version) => version));
});

test("a_constraint_holds_whichever_writer_set_it", async () => {
  await using shared = await openSharedLake();
  const folder = shared.folder("t");
  const table = await createTable({ ...shared.lake.context, path: "t" }, { schema });
  await table.alter({ addConstraints: { positive: "n > 0" } });
  const refused = shared.deltaRs.call("write", folder, { rows: rowsOf("theirs", 0, 1), schema });
  await expect(refused).rejects.toThrow("1 rows failed validation");
  await shared.deltaRs.call("add_constraints", folder, { constraints: { small: "n < 100" } });
  await expect(table.append({ rows: rowsHere("ours", 99, 100) })).rejects.toMatchObject({
    code: "delta_schema_mismatch",
    message: expect.stringContaining("small") as string,
  });
  await expectEverywhere(shared, "t", []);
});

function rowsHere(writer: string, from: number, to: number): { writer: string; n: number }[] {
  return Array.from({ length: to - from + 1 }, (_, index) => ({ writer, n: from + index }));
}

function rowsOf(writer: string, from: number, to: number): PortableRow[] {
  return rowsHere(writer, from, to).map(({ n }) => ({ writer, n: String(n) }));
}

async function appendHere(shared: SharedLake, writer: string, commits: number): Promise<void> {
  expect((await runWriter(shared.root, writer, commits)).committed).toHaveLength(commits);
}

async function appendThere(shared: SharedLake, writer: string, commits: number): Promise<void> {
  await using deltaRs = openDeltaRs();
  await deltaRs.call("append_many", shared.folder("t"), { rows: rowsOf(writer, 1, commits), schema });
}

/** The versions in a table's log, in order. */
async function versionsOf(shared: SharedLake, name: string): Promise<number[]> {
  const names = await readdir(`${shared.folder(name)}/_delta_log`);
  return names
    .flatMap((each) => (/^\d{20}\.json$/.test(each) ? [Number.parseInt(each, 10)] : []))
    .toSorted((a, b) => a - b);
}

async function expectEverywhere(shared: SharedLake, name: string, rows: readonly PortableRow[]): Promise<void> {
  const table = await openTable({ ...shared.lake.context, path: name });
  const folder = shared.folder(name);
  expect(sortedRows(await portableRows(table))).toEqual(sortedRows(rows));
  expect(sortedRows(await shared.deltaRs.call<PortableRow[]>("read", folder))).toEqual(sortedRows(rows));
  expect(sortedRows(await chdbRows(shared.chdb, folder, schema))).toEqual(sortedRows(rows));
}
