import { join } from "node:path";
import { allTopics, DEFAULT_PARTITIONS, TOPICS } from "@cinelake/contracts";
import { openEventLog } from "@cinelake/event_log";
import { temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { cinelake, eventually, startPlatform } from "./support/platform.ts";

interface Listed {
  readonly letters: readonly {
    readonly key: string;
    readonly attempt: number;
    readonly reason: string;
    readonly redriven_as: string | null;
    readonly text: string;
  }[];
  readonly reasons: readonly { readonly reason: string; readonly letters: number; readonly redriven: number }[];
}

/** Records that no API lets through, as another producer may write them. */
async function writeBadRecords(directory: string, values: readonly string[]): Promise<void> {
  await using log = await openEventLog(join(directory, "log"));
  await log.createTopics(allTopics(DEFAULT_PARTITIONS));
  await log.append(
    TOPICS.rating,
    values.map((value) => ({ key: "1", value: Buffer.from(value) })),
  );
}

async function list(directory: string): Promise<Listed> {
  const { stdout, exitCode, stderr } = await cinelake(directory, ["dlq", "list", "--json"]);
  expect([exitCode, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Listed;
}

test("dead letters are listed, redriven once by however many calls, and come back with the next attempt up to the cap", async () => {
  await using directory = await temporaryDirectory();
  const { path } = directory;
  expect(await cinelake(path, ["dlq", "list"])).toMatchObject({ exitCode: 0, stdout: "No dead letters\n" });
  await writeBadRecords(path, ["{", '{"movie_id":1}', "\u001b[2Jwiped"]);
  await using platform = await startPlatform(path, ["serve"], { FLUSH_INTERVAL_MS: "50" });
  await eventually(
    () => list(path),
    ({ letters }) => letters.length === 3,
    20_000,
  );

  const one = (await list(path)).letters.find(({ text }) => text === "{")!.key;
  const redriven = await cinelake(path, ["dlq", "redrive", one, "--max-attempts", "2"]);
  expect(redriven).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("next attempt") });
  const { letters } = await eventually(
    () => list(path),
    (listed) => listed.letters.length === 4,
    20_000,
  );
  const [before, after] = [letters.find(({ key }) => key === one)!, letters.at(-1)!];
  expect(before.redriven_as).toBe(after.key);
  expect(after).toMatchObject({ attempt: 2, reason: before.reason, text: "{", redriven_as: null });

  const again = await cinelake(path, ["dlq", "redrive", one, after.key, "--max-attempts", "2", "--json"]);
  expect(JSON.parse(again.stdout)).toMatchObject({ redriven: 0, redriven_already: 1, attempts_used_up: 1 });
  const dry = await cinelake(path, ["dlq", "redrive", "--all", "--dry-run", "--json"]);
  expect(JSON.parse(dry.stdout)).toMatchObject({ dry_run: true, redriven: 3, redriven_already: 1 });
  const unknown = await cinelake(path, ["dlq", "redrive", "events_views/0/77"]);
  expect(unknown).toMatchObject({ exitCode: 1, stdout: expect.stringContaining("events_views/0/77") });

  expect(await platform.stop()).toBe(0);
  const { stdout } = await cinelake(path, ["dlq", "list"]);
  expect(stdout).toMatch(/invalid_json +3 +1\n/);
  expect(stdout).toContain("[2Jwiped");
  expect(stdout).not.toContain("\u001b");
}, 90_000);

test("what is to be redriven must be said, in one way", async () => {
  await using directory = await temporaryDirectory();
  for (const args of [[], ["--all", "--reason", "invalid_json"], ["events_views/0/1", "--all"], ["events_views"]]) {
    const outcome = await cinelake(directory.path, ["dlq", "redrive", ...args]);
    expect(outcome).toMatchObject({
      exitCode: 2,
      stdout: "",
      stderr: expect.stringMatching(/^cinelake: dlq redrive: .*\n$/),
    });
  }
}, 60_000);
