import { readdir } from "node:fs/promises";
import { startS3Server, temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { event, get, post, rating } from "./support/client.ts";
import { cinelake, startPlatform } from "./support/platform.ts";

const SMALL = ["--dataset", "synthetic", "--users", "60", "--movies", "200", "--ratings", "2400"];

test("the whole platform runs on a lake in S3: pipeline, repetition, validation, live events, reading from a second directory", async () => {
  await using server = await startS3Server();
  await using directory = await temporaryDirectory();
  const env = { ...server.environment, LAKE_URL: server.url("lake"), FLUSH_INTERVAL_MS: "100" };
  const run = (args: readonly string[]) => cinelake(directory.path, args, { env });
  const tables = async () => (JSON.parse((await run(["status", "--json"])).stdout) as { tables: unknown[] }).tables;
  const steps = [["bootstrap", ...SMALL], ["validate", "--dataset", "synthetic"], ["etl"], ["train"]];

  for (const step of steps) expect(await run(step)).toMatchObject({ exitCode: 0, stderr: "" });
  const before = await tables();
  for (const step of steps) expect(await run(step)).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await tables()).toEqual(before);

  {
    await using platform = await startPlatform(directory.path, ["serve"], env);
    await post(platform.url, [rating(1, 50, 4.5), event("view", 2, 50)]);
    expect((await get(`${platform.url}/recommendations/1?k=10`)).items).toHaveLength(10);
    expect(await platform.stop()).toBe(0);
  }
  await using elsewhere = await temporaryDirectory();
  const read = await cinelake(elsewhere.path, ["table", "read", "silver_events_ratings", "--json"], { env });
  expect(read).toMatchObject({ exitCode: 0 });
  expect(read.stdout).toContain('"movie_id":50');
  expect(await readdir(directory.path)).not.toContain("lakehouse");
}, 240_000);
