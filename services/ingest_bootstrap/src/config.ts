import { LOG_LEVELS } from "@cinelake/runtime";
import { z } from "zod";

/** Settings of a bootstrap in a process of its own. Where the lake is: resolveUrls. */
export const bootstrapConfigSchema = z.strictObject({
  dataDir: z.string().default(".data").describe("Folder of the downloads, and of the lake where no URL places it."),
  dataset: z.string().min(1).default("ml-25m").describe("Data set to load."),
  source: z.string().optional().describe("Archive, folder with the CSV files, or address of a mirror."),
  force: z.boolean().default(false).describe("Load again what is there already."),
  memoryLimit: z.string().default("1GB").describe("Memory that DuckDB may use; beyond it, it spills to disk."),
  logLevel: z.enum(LOG_LEVELS).default("info").describe("Least severity of log lines."),
});
