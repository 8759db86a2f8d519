import { z } from "zod";

/** Settings of the aggregator's own process; the fields are options of `createTrendingAggregator` with their prefix. */
export const trendingConfigSchema = z.strictObject({
  trendingPublishIntervalMs: z.int().min(50).default(1_000).describe("How often the trending lists go to the cache."),
  trendingTableIntervalMs: z
    .int()
    .min(1_000)
    .default(300_000)
    .describe("How often the trending list is appended to gold_trending_now."),
});
