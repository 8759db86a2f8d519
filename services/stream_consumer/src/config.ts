import { monitorSettings, processSettings } from "@cinelake/runtime";
import { z } from "zod";

/** Settings of the service in a process of its own. */
export const streamConfigSchema = z.strictObject({
  ...processSettings,
  streamGroup: z
    .string()
    .min(1)
    .default("stream_consumer")
    .describe("Consumer group, which members share partitions by."),
  flushRows: z.int().min(1).default(128_000).describe("Records that are written without waiting longer."),
  flushBytes: z
    .int()
    .min(1)
    .default(64 * 1024 * 1024)
    .describe(
      "Memory of waiting records, in bytes, that are written without waiting longer; up to twice as much waits.",
    ),
  flushIntervalMs: z.int().min(10).default(30_000).describe("Longest time that records wait for the tables."),
  compactIntervalMs: z
    .int()
    .min(0)
    .default(60_000)
    .describe("How often small files of the event tables become larger ones; 0 leaves them to you."),
  ...monitorSettings,
});
