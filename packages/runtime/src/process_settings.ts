import { z } from "zod";
import { LOG_LEVELS } from "./logger.ts";

/** Settings of every process that opens the lake. Where log, cache, metadata and lake are: resolveUrls. */
export const processSettings = {
  dataDir: z
    .string()
    .default(".data")
    .describe("Folder of the lake, the log and the metadata where no URL places them."),
  memoryLimit: z
    .string()
    .regex(/^\d+(MB|GB)$/, "is a size such as 512MB or 2GB")
    .default("1GB")
    .describe("Memory that DuckDB may use; beyond it, it spills to disk."),
  logLevel: z.enum(LOG_LEVELS).default("info").describe("Least severity of log lines."),
};
