import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { TableName } from "@cinelake/contracts";
import { temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { post, rating } from "./support/client.ts";
import { cinelake, eventually, startPlatform } from "./support/platform.ts";
import { tableReader } from "./support/tables.ts";

const SILVER = "silver_events_ratings";
const BRONZE = "bronze_events_ratings_raw";
const FAST = { FLUSH_INTERVAL_MS: "50", EXPOSURES: "false" };

async function usersOf(directory: string, table: TableName): Promise<number[]> {
  const rows = await (await tableReader(directory))(table);
  const users = rows.map((row) =>
    Number(row.user_id ?? (JSON.parse(row.value as string) as { user_id: number }).user_id),
  );
  return users.toSorted((a, b) => a - b);
}

async function expectUsers(directory: string, users: readonly number[]): Promise<void> {
  for (const table of [SILVER, BRONZE] as const)
    await eventually(
      () => usersOf(directory, table),
      (found) => found.join() === users.join(),
      20_000,
    );
}

const versionOf = async (directory: string, table: TableName): Promise<string> => {
  const { stdout } = await cinelake(directory, ["table", "describe", table, "--json"]);
  return String((JSON.parse(stdout) as { version: number }).version);
};

test("a restore of the tables beside a running platform is made good by a replay, and a log made anew is taken over by one", async () => {
  await using directory = await temporaryDirectory();
  const { path } = directory;
  {
    await using platform = await startPlatform(path, ["serve"], FAST);
    await post(platform.url, [rating(1, 10, 4), rating(2, 10, 4)]);
    await expectUsers(path, [1, 2]);
    const [silver, bronze] = [await versionOf(path, SILVER), await versionOf(path, BRONZE)];
    await post(platform.url, [rating(3, 10, 4), rating(4, 10, 4)]);
    await expectUsers(path, [1, 2, 3, 4]);
    await cinelake(path, ["table", "restore", SILVER, "--version", silver]);
    await cinelake(path, ["table", "restore", BRONZE, "--version", bronze]);
    await expectUsers(path, [1, 2]);

    const dry = await cinelake(path, ["events", "replay", "--from", "earliest", "--dry-run", "--json"]);
    expect(JSON.parse(dry.stdout)).toMatchObject({ dry_run: true, records: 4 });
    await expectUsers(path, [1, 2]);
    const replay = await cinelake(path, ["events", "replay", "--from", "earliest", "--topic", "events_ratings"]);
    expect(replay).toMatchObject({
      exitCode: 0,
      stderr: "",
      stdout: expect.stringContaining("4 records are read again"),
    });
    await expectUsers(path, [1, 2, 3, 4]);
    expect(await platform.stop()).toBe(0);
  }

  await rm(join(path, "log"), { recursive: true });
  const refused = await cinelake(path, ["serve"], { env: { PORT: "0" } });
  expect(refused).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/\.\/cinelake events replay --from earliest.*\[table_ahead_of_log\]\n$/),
  });
  const reset = await cinelake(path, ["events", "replay", "--from", "earliest"]);
  expect(reset).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("their rows of the former log stay") });
  await using platform = await startPlatform(path, ["serve"], FAST);
  await post(platform.url, [rating(5, 10, 4), rating(6, 10, 4)]);
  await expectUsers(path, [1, 2, 3, 4, 5, 6]);
  expect(await platform.stop()).toBe(0);
  expect(await cinelake(path, ["events", "replay", "--from", "latest"])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining("Nothing to do"),
  });
}, 120_000);

test.each([
  [["events", "replay"], "--from is missing"],
  [["events", "replay", "--from", "yesterday"], "--from takes earliest"],
  [["events", "replay", "--from", "-1"], "--from"],
])("a wrong start is refused before anything is opened: %j", async (args, message) => {
  await using directory = await temporaryDirectory();
  expect(await cinelake(directory.path, args)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(message) });
});
