import { existsSync, readdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { openSqlEngine } from "@cinelake/delta";
import { temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { cinelake } from "./support/platform.ts";

test("a folder of Parquet files becomes a table that is optimized, vacuumed and restored, without a data directory", async () => {
  await using directory = await temporaryDirectory();
  const folder = join(directory.path, "t");
  const nowhere = join(directory.path, "no_data");
  await using engine = await openSqlEngine({ threads: 1 });
  for (const year of [2025, 2026]) {
    await mkdir(join(folder, `year=${year}`), { recursive: true });
    for (const id of [1, 2]) {
      const query = `SELECT ${id}::BIGINT AS id, 'x' AS v`;
      await engine.run(`COPY (${query}) TO '${folder}/year=${year}/${id}.parquet' (FORMAT parquet)`);
    }
  }
  const run = async (command: string, ...args: string[]): Promise<string> => {
    const { stdout, stderr, exitCode } = await cinelake(nowhere, ["table", command, folder, ...args]);
    expect([command, stderr, exitCode]).toEqual([command, "", 0]);
    return stdout;
  };
  const json = async (command: string, ...args: string[]): Promise<unknown> =>
    JSON.parse(await run(command, ...args, "--json")) as unknown;
  const rows = async (...args: string[]): Promise<string[]> => (await run("read", ...args)).trim().split("\n").sort();

  expect(await json("convert", "--partition-by", "year integer", "--name", "years")).toMatchObject({
    location: `file://${folder}`,
    version: 0,
    files: 4,
    rows: 4,
  });
  const all = await rows();
  expect(all[0]).toBe('{"id":1,"v":"x","year":2025}');
  expect(await json("describe")).toEqual({
    id: expect.any(String) as unknown,
    name: "years",
    description: null,
    location: `file://${folder}`,
    version: 0,
    created_at: expect.any(Number) as unknown,
    last_modified: expect.any(Number) as unknown,
    min_reader_version: 1,
    min_writer_version: 2,
    features: ["appendOnly", "invariants"],
    partition_columns: ["year"],
    files: 4,
    bytes: expect.any(Number) as unknown,
    rows: 4,
    properties: [],
    columns: [
      { name: "id", type: "long", nullable: true, partition: false },
      { name: "v", type: "string", nullable: true, partition: false },
      { name: "year", type: "integer", nullable: true, partition: true },
    ],
  });
  expect(await run("describe")).toContain("column     year integer (partition)\n");

  expect(await json("optimize", "--where", "year=2026")).toMatchObject({
    version: 1,
    added_files: 1,
    removed_files: 2,
  });
  expect(await run("optimize", "--z-order", "id,v", "--target-size", "64mb")).toMatch(
    /^version 2: 3 files \(\d+ bytes\) became 2 \(\d+ bytes\)\n$/,
  );
  expect(await run("optimize")).toBe("nothing to do; the table is at version 2\n");
  expect(await rows()).toEqual(all);

  expect(await run("vacuum")).toBe("deleted 0 files (0 bytes)\n");
  const dry = await run("vacuum", "--retention-hours", "0", "--force", "--dry-run");
  expect(dry).toMatch(/^(year=\d+\/.+\.parquet\n){5}would delete 5 files \(\d+ bytes\)\n$/);
  expect(await run("restore", "--version", "0")).toBe("version 3 is as version 0 was: 4 files came back, 2 went\n");
  expect(await json("restore", "--version", "3")).toMatchObject({ version: 3, committed: false, restored_version: 3 });
  const vacuumed = await json("vacuum", "--retention-hours", "0", "--force");
  expect(vacuumed).toMatchObject({ dry_run: false, deleted_files: { length: 3 }, deleted_bytes: expect.any(Number) });
  expect(await rows()).toEqual(all);

  const history = (await json("history")) as { operation: string }[];
  expect(history.map(({ operation }) => operation)).toEqual([
    "VACUUM END",
    "RESTORE",
    "OPTIMIZE",
    "OPTIMIZE",
    "CONVERT",
  ]);
  expect(history[2]).toMatchObject({ version: 2, user_metadata: null, metrics: { num_removed_files: "3" } });
  expect(await run("history", "--limit", "1")).toMatch(/^ {5}4 {2}20.*Z {2}VACUUM END {4}\{"numDeletedFiles":"3",/);

  expect(await cinelake(nowhere, ["table", "restore", folder, "--version", "2"])).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/^cinelake: Version 2 of t cannot be restored: 2 of its files are gone.*\n$/),
  });
  expect(existsSync(nowhere)).toBe(false);
  expect(readdirSync(folder).sort()).toEqual(["_delta_log", "year=2025", "year=2026"]);
}, 60_000);

test.each<[string[], number, string]>([
  [["restore", "T"], 2, "give --version N or --timestamp TIME"],
  [["optimize", "T", "--target-size", "big"], 2, "--target-size takes a size such as 128mb, not big"],
  [["convert", "T", "--partition-by", "year"], 2, "--partition-by takes"],
  [["vacuum", "T", "--retention-hours=-1"], 2, "whole number"],
  [["vacuum", "T"], 1, "There is no table"],
  [["convert", "T"], 1, "There is no table"],
])("what is wrong is said in one line: table %j", async (args, exitCode, message) => {
  await using directory = await temporaryDirectory();
  const given = args.map((each) => (each === "T" ? join(directory.path, "t") : each));
  const outcome = await cinelake(join(directory.path, "no_data"), ["table", ...given]);
  expect(outcome).toMatchObject({ exitCode, stdout: "", stderr: expect.stringContaining(message) });
  expect(outcome.stderr.trimEnd()).not.toContain("\n");
  expect(readdirSync(directory.path)).toEqual([]);
});
