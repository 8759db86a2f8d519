import { temporaryDirectory, seededRandom } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { event, post } from "./support/client.ts";
import { cinelake, startPlatform } from "./support/platform.ts";
import { tableReader } from "./support/tables.ts";

const random = seededRandom(20_260);

test("50 kills, the first starts among them, leave a data directory that opens", async () => {
  await using directory = await temporaryDirectory();
  for (let kill = 0; kill < 50; kill++)
    await cinelake(directory.path, ["status"], { killAfterMs: 60 + random.int(500) });
  const status = await cinelake(directory.path, ["status", "--json"]);
  expect(status).toMatchObject({ exitCode: 0, stderr: "" });
}, 120_000);

test("kill -9 at random moments while events are posted: every acknowledged event is there once, in the log and in Silver", async () => {
  await using directory = await temporaryDirectory();
  const acknowledged = new Set<string>();
  const sent = new Set<string>();
  const kills = 8;
  for (let round = 0; round < kills; round++) {
    await using platform = await startPlatform(directory.path, ["serve"], {
      FLUSH_INTERVAL_MS: "150",
      EXPOSURES: "false",
    });
    const posting = Promise.allSettled(
      Array.from({ length: 4 }, async (_, poster) => {
        for (let next = 0; ; next++) {
          const events = Array.from({ length: 5 }, () => event("click", 1 + random.int(500), 1 + random.int(300)));
          for (const each of events) sent.add(each.event_id as string);
          await post(platform.url, events);
          for (const each of events) acknowledged.add(each.event_id as string);
          if (next > 100_000 + poster) return;
        }
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 200 + random.int(900)));
    await platform.kill();
    await posting;
  }
  const last = await startPlatform(directory.path, ["serve"], { FLUSH_INTERVAL_MS: "100" });
  expect(await last.stop()).toBe(0);

  const rows = await tableReader(directory.path);
  const silver = (await rows("silver_events_clicks")).map((row) => row.event_id as string);
  const bronze = await rows("bronze_events_clicks_raw");
  expect(acknowledged.size).toBeGreaterThan(100);
  expect(new Set(silver).size).toBe(silver.length);
  expect([...acknowledged].filter((id) => !silver.includes(id))).toEqual([]);
  expect(silver.filter((id) => !sent.has(id))).toEqual([]);
  expect(new Set(bronze.map(({ partition, offset }) => `${partition}/${offset}`)).size).toBe(bronze.length);
  const logged = bronze.map(({ value }) => (JSON.parse(value as string) as { event_id: string }).event_id);
  expect([...acknowledged].filter((id) => !logged.includes(id))).toEqual([]);
  const { topics } = JSON.parse((await cinelake(directory.path, ["status", "--json"])).stdout) as {
    topics: { topic: string; records: number }[];
  };
  expect(topics.find(({ topic }) => topic === "events_clicks")?.records).toBe(bronze.length);
}, 240_000);
