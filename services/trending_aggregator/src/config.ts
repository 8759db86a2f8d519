import { monitorSettings, processSettings } from "@cinelake/runtime";
import { z } from "zod";

/** Settings of the service in a process of its own. */
export const trendingConfigSchema = z.strictObject({
  ...processSettings,
  trendingPublishIntervalMs: z.int().min(50).default(1_000).describe("How often the trending lists go to the cache."),
  trendingTableIntervalMs: z
    .int()
    .min(1_000)
    .default(300_000)
    .describe("How often the trending list is appended to gold_trending_now."),
  ...monitorSettings,
});
