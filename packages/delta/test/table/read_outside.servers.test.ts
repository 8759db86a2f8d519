import { startS3Server, type S3Server } from "@cinelake/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { openTable } from "@cinelake/delta";
import { encodeRows, vectorFile } from "../support/deletion_vectors.ts";
import { commitAll, described, parquetFile } from "../support/hand_made.ts";
import { openLake, rowsOf, struct } from "../support/tables.ts";

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  for (const [name, value] of Object.entries(server.environment)) vi.stubEnv(name, value);
});
afterEach(() => vi.unstubAllEnvs());

test("a_shallow_clone_on_s3_reads_the_files_of_another_prefix, if it is allowed", async () => {
  await using source = await openLake(server.url("source"));
  await using clone = await openLake(server.url("clone"));
  const { add } = await parquetFile(source, "a b.parquet", "SELECT unnest([1, 2, 3])::BIGINT AS id");
  const { bytes, places } = vectorFile([encodeRows([1])]);
  await source.store.put("lake/t/vector.bin", bytes);
  const root = `${server.bucket}/${server.root}source/lake/t`;
  const deletionVector = { storageType: "p", pathOrInlineDv: `s3://${root}/vector.bin`, ...places[0]!, cardinality: 1 };
  await commitAll(clone, [
    [...described(struct({ id: "long" })), { add: { ...add, path: `s3a://${root}/a%20b.parquet`, deletionVector } }],
  ]);
  await expect(openTable(clone.context).then((table) => rowsOf(table))).rejects.toMatchObject({
    code: "delta_unsupported",
  });
  const table = await openTable({ ...clone.context, allowOutsideFiles: true });
  expect(await rowsOf(table)).toEqual([{ id: 1 }, { id: 3 }]);
});

test("absolute_paths_below_the_prefix_of_an_s3_store_are_its_own", async () => {
  await using lake = await openLake(server.url("own"));
  const { add } = await parquetFile(lake, "f.parquet", "SELECT 7::BIGINT AS id");
  const path = `s3://${server.bucket}/${server.root}own/lake/t/f.parquet`;
  const table = await commitAll(lake, [[...described(struct({ id: "long" })), { add: { ...add, path } }]]);
  expect(await rowsOf(table)).toEqual([{ id: 7 }]);
});
