import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openSqlEngine } from "@cinelake/delta";
import { openObjectStore } from "@cinelake/object_store";
import { startS3Server, temporaryDirectory } from "@cinelake/testkit";
import { afterEach, expect, test, vi } from "vitest";
import { cinelake } from "./support/platform.ts";

afterEach(() => vi.unstubAllEnvs());

test("table commands work on an s3:// address, without a data directory", async () => {
  await using server = await startS3Server();
  await using directory = await temporaryDirectory();
  for (const [name, value] of Object.entries(server.environment)) vi.stubEnv(name, value);
  await using store = await openObjectStore(server.url("tables"));
  await using engine = await openSqlEngine({ threads: 1 });
  for (const id of [1, 2]) {
    const file = join(directory.path, `${id}.parquet`);
    await engine.run(`COPY (SELECT ${id}::BIGINT AS id) TO '${file}' (FORMAT parquet)`);
    await store.put(`t/${id}.parquet`, await readFile(file));
  }
  const nowhere = join(directory.path, "no_data");
  const run = async (command: string, ...args: string[]): Promise<string> => {
    const line = ["table", command, server.url("tables/t"), ...args];
    const { stdout, stderr, exitCode } = await cinelake(nowhere, line, { env: { ...server.environment } });
    expect([command, stderr, exitCode]).toEqual([command, "", 0]);
    return stdout;
  };
  expect(await run("convert")).toContain("2 rows in 2 files");
  expect(await run("optimize")).toMatch(/^version 1: 2 files .* became 1 /);
  expect((await run("read")).split("\n").sort()).toEqual(["", '{"id":1}', '{"id":2}']);
  expect(await run("read", "--version", "0", "--where", "id=2")).toBe('{"id":2}\n');
  expect(await run("restore", "--version", "0")).toContain("2 files came back, 1 went");
  expect(await run("vacuum", "--retention-hours", "0", "--force")).toMatch(/^deleted 1 files/);
  expect(JSON.parse(await run("describe", "--json"))).toMatchObject({ version: 3, files: 2, rows: 2 });
  expect(existsSync(nowhere)).toBe(false);
}, 60_000);
