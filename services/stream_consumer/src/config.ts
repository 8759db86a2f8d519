import { LOG_LEVELS } from "@cinelake/runtime";
import { z } from "zod";

/** Settings of the service in a process of its own. Where log and lake are: resolveUrls. */
export const streamConfigSchema = z.strictObject({
  dataDir: z.string().default(".data").describe("Folder of the log and the lake where no URL places them."),
  memoryLimit: z.string().default("1GB").describe("Memory that DuckDB may use; beyond it, it spills to disk."),
  logLevel: z.enum(LOG_LEVELS).default("info").describe("Least severity of log lines."),
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
});
