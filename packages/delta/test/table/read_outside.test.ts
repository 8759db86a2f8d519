import { mkdir, rename, symlink } from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { openTable } from "@cinelake/delta";
import type { AddFile } from "../../src/log/actions.ts";
import { encodeRows, vectorFile } from "../support/deletion_vectors.ts";
import { commitAll, described, parquetFile } from "../support/hand_made.ts";
import { openLake, rowsOf, struct, type Lake } from "../support/tables.ts";

const schema = struct({ id: "long" });
const one = (id: number): string => `SELECT ${id}::BIGINT AS id`;
const ids = async (lake: Lake, context: object = {}): Promise<unknown[]> =>
  (await rowsOf(await openTable({ ...lake.context, ...context }))).map((row) => row.id);

test("absolute_paths_below_the_store_are_read_through_it, whatever their form", async () => {
  await using folder = await temporaryDirectory();
  await using lake = await openLake(folder.path);
  const forms = [
    (path: string): string => path,
    (path: string): string => `file:${path}`,
    (path: string): string => `file://${path}`,
    (path: string): string => `file://localhost${path}`,
  ];
  const root = new URL(lake.store.url).pathname;
  const adds: AddFile[] = [];
  for (const [id, form] of forms.entries()) {
    const { add } = await parquetFile(lake, `a b%/f${id}.parquet`, one(id));
    adds.push({ ...add, path: form(`${root}/lake/t/a%20b%25/f${id}.parquet`) });
  }
  await commitAll(lake, [[...described(schema), ...adds.map((add) => ({ add }))]]);
  expect(await ids(lake)).toEqual([0, 1, 2, 3]);
});

test("names_that_are_patterns_to_duckdb_are_read_as_they_are", async () => {
  await using folder = await temporaryDirectory();
  await using lake = await openLake(folder.path);
  const names = ["a*b.parquet", "a[x]b.parquet", "a?b.parquet", "axb.parquet"];
  const files = await Promise.all(names.map((name, id) => parquetFile(lake, name, one(id))));
  const wanted = files.slice(0, 3).map(({ add }) => ({ add: { ...add, path: encodeURIComponent(add.path) } }));
  await commitAll(lake, [[...described(schema), ...wanted]]);
  expect(await ids(lake)).toEqual([0, 1, 2]);
});

test("files_outside_of_the_store_are_refused_by_name, unless the context allows them", async () => {
  await using folder = await temporaryDirectory();
  await using lake = await openLake(join(folder.path, "store"));
  const { add } = await parquetFile(lake, "f.parquet", one(5));
  const source = join(folder.path, "store/lake/t/f.parquet");
  const outside = join(folder.path, "other table");
  await mkdir(outside);
  await rename(source, join(outside, "f.parquet"));
  const path = `file://${encodeURI(outside)}/f.parquet`;
  await commitAll(lake, [[...described(schema), { add: { ...add, path } }]]);
  await expect(ids(lake)).rejects.toMatchObject({ code: "delta_unsupported", message: expect.stringContaining(path) });
  expect(await ids(lake, { allowOutsideFiles: true })).toEqual([5]);
  await rename(join(outside, "f.parquet"), join(folder.path, "moved"));
  await expect(ids(lake, { allowOutsideFiles: true })).rejects.toMatchObject({ code: "object_not_found" });
  await symlink(join(folder.path, "moved"), join(outside, "f.parquet"));
  await expect(ids(lake, { allowOutsideFiles: true })).rejects.toMatchObject({ code: "object_not_found" });
});

test.each(["../../../etc/passwd", "s3://bucket/f.parquet", "https://example.org/f.parquet"])(
  "%s_is_refused_even_if_outside_files_are_allowed",
  async (path) => {
    await using folder = await temporaryDirectory();
    await using lake = await openLake(folder.path);
    const { add } = await parquetFile(lake, "f.parquet", one(1));
    await commitAll(lake, [[...described(schema), { add: { ...add, path } }]]);
    await expect(ids(lake, { allowOutsideFiles: true })).rejects.toMatchObject({ code: "delta_unsupported" });
  },
);

test("a_store_without_a_folder_reads_no_file_of_this_machine", async () => {
  await using lake = await openLake();
  const { add } = await parquetFile(lake, "f.parquet", one(1));
  await commitAll(lake, [[...described(schema), { add: { ...add, path: "/etc/hostname" } }]]);
  await expect(ids(lake, { allowOutsideFiles: true })).rejects.toMatchObject({ code: "delta_unsupported" });
});

test("absolute_deletion_vectors_follow_the_same_rule", async () => {
  await using folder = await temporaryDirectory();
  await using lake = await openLake(join(folder.path, "store"));
  const { bytes, places } = vectorFile([encodeRows([0])]);
  await lake.store.put("lake/vector.bin", bytes);
  const outside = join(folder.path, "vector.bin");
  await rename(join(folder.path, "store/lake/vector.bin"), outside);
  const { add } = await parquetFile(lake, "f.parquet", "SELECT unnest([7, 8])::BIGINT AS id");
  const deletionVector = { storageType: "p", pathOrInlineDv: outside, ...places[0]!, cardinality: 1 };
  await commitAll(lake, [[...described(schema), { add: { ...add, deletionVector } }]]);
  await expect(ids(lake)).rejects.toMatchObject({ code: "delta_unsupported" });
  expect(await ids(lake, { allowOutsideFiles: true })).toEqual([8]);
});
