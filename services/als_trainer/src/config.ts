import { LOG_LEVELS } from "@cinelake/runtime";
import { z } from "zod";

/** Settings of a training in a process of its own. Where lake, metadata and tracking are: resolveUrls. */
export const trainerConfigSchema = z.strictObject({
  dataDir: z.string().default(".data").describe("Folder of the lake and the metadata where no URL places them."),
  memoryLimit: z.string().default("1GB").describe("Memory that DuckDB may use; beyond it, it spills to disk."),
  logLevel: z.enum(LOG_LEVELS).default("info").describe("Least severity of log lines."),
});
