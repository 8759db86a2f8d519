import type { Cache } from "@cinelake/cache";
import { EVENT_TOPICS, TOPICS, trendingKey } from "@cinelake/contracts";
import type { EventLog } from "@cinelake/event_log";
import type { TrendingPublication } from "@cinelake/ranking";
import { attackSummary, attackUnderLoad, brokenPromises, type TrendingPlatform } from "@cinelake/testkit";
import { createTrendingAggregator } from "@cinelake/trending_aggregator";
import { expect, vi } from "vitest";
import { newRecord } from "./events.ts";
import { rating, temporaryLake } from "./lake.ts";

const KNOWN_USERS = Array.from({ length: 800 }, (_, user) => user + 1);

/** Runs the attacks on an aggregator, as it ships, over a log and a cache that others may have open too. */
export async function expectToWithstandAttacks(log: EventLog, cache: Cache): Promise<void> {
  await using lake = await temporaryLake();
  await log.createTopics(EVENT_TOPICS.map((name) => ({ name, partitions: 3 })));
  await lake.write(
    "silver_ratings",
    KNOWN_USERS.map((user) => rating(user, 1 + (user % 50), 4, "2015-03-30T00:00:00Z")),
  );
  const logger = { info() {}, warn() {}, error() {} };
  const aggregator = createTrendingAggregator({ ...lake, log, cache, logger });
  await aggregator.start();
  try {
    const report = await attackUnderLoad(platformOf(log, cache), {
      knownUsers: KNOWN_USERS,
      films: Array.from({ length: 50 }, (_, film) => film + 1),
      absentFilms: Array.from({ length: 300 }, (_, film) => 9_000 + film),
    });
    process.stdout.write(`${log.url}, ${cache.url}: ${attackSummary(report)}\n`);
    expect(brokenPromises(report)).toEqual([]);
  } finally {
    await aggregator.stop();
  }
}

function platformOf(log: EventLog, cache: Cache): TrendingPlatform {
  const publication = async (): Promise<TrendingPublication> => {
    const bytes = await cache.get(trendingKey("24h"));
    return JSON.parse(new TextDecoder().decode(bytes)) as TrendingPublication;
  };
  return {
    async send(events) {
      const byType = Map.groupBy(events, ({ event_type }) => event_type);
      await Promise.all(
        [...byType].map(([type, of]) =>
          log.append(
            TOPICS[type],
            of.map((each) => newRecord({ ...each })),
          ),
        ),
      );
    },
    async counted() {
      const { next } = await log.offsets(Object.values(TOPICS));
      const behind = async () => {
        const { offsets } = await publication();
        return [...next].filter(([key, end]) => !key.startsWith(TOPICS.exposure) && (offsets[key] ?? 0) < end);
      };
      await vi.waitFor(async () => expect(await behind()).toEqual([]), { timeout: 20_000, interval: 20 });
    },
    list: async () =>
      (await publication()).lists["all"]!.filter(({ source }) => source === "live").map(({ movie_id }) => movie_id),
  };
}
