import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openCache } from "@cinelake/cache";
import { EVENT_TOPICS, TOPICS, trendingKey } from "@cinelake/contracts";
import { openEventLog } from "@cinelake/event_log";
import type { TrendingPublication } from "@cinelake/ranking";
import { startKafkaBroker, temporaryDirectory } from "@cinelake/testkit";
import { createTrendingAggregator } from "@cinelake/trending_aggregator";
import { expect, test, vi } from "vitest";
import { eventValue, newRecord } from "./support/events.ts";
import { temporaryLake } from "./support/lake.ts";

test("records that Kafka has dropped, all of a partition included, keep no list back", async () => {
  await using kafka = await startKafkaBroker();
  await using directory = await temporaryDirectory();
  await using log = await openEventLog(kafka.url);
  await using cache = await openCache("memory:");
  await using lake = await temporaryLake();
  await log.createTopics(EVENT_TOPICS.map((name) => ({ name, partitions: 1 })));
  const send = (type: "view" | "click", movieId: number) => {
    const event_ts = new Date().toISOString();
    const values = [1, 2, 3].map((user_id) => eventValue(type, { event_ts, user_id, movie_id: movieId }));
    return log.append(TOPICS[type], values.map(newRecord));
  };
  await send("click", 7);
  const places = join(directory.path, "places.json");
  const partitions = [{ topic: TOPICS.click, partition: 0, offset: 3 }];
  await writeFile(places, JSON.stringify({ version: 1, partitions }));
  await kafka.tool("DeleteRecordsCommand", ["--offset-json-file", places]);
  const { first, next } = await log.offsets([TOPICS.click]);
  expect(first).toEqual(next);

  const logger = { info() {}, warn() {}, error() {} };
  const aggregator = createTrendingAggregator({ ...lake, log, cache, logger });
  await aggregator.start();
  try {
    await send("view", 8);
    await vi.waitFor(
      async () => {
        const bytes = await cache.get(trendingKey("24h"));
        const { lists } = JSON.parse(new TextDecoder().decode(bytes)) as TrendingPublication;
        expect(lists["all"]?.map((entry) => entry.movie_id)).toEqual([8]);
      },
      { timeout: 10_000, interval: 50 },
    );
  } finally {
    await aggregator.stop();
  }
  expect((await lake.read("gold_trending_now")).map((row) => row["movie_id"])).toEqual([8, 8, 8]);
}, 90_000);
