import { LOG_LEVELS } from "@cinelake/runtime";
import { z } from "zod";

/** Settings of the job in a process of its own. Where the lake is: resolveUrls. */
export const etlConfigSchema = z.strictObject({
  dataDir: z.string().default(".data").describe("Folder of the lake where no URL places it."),
  dataset: z.string().min(1).default("ml-25m").describe("Data set to make Silver from."),
  memoryLimit: z.string().default("1GB").describe("Memory that DuckDB may use; beyond it, it spills to disk."),
  logLevel: z.enum(LOG_LEVELS).default("info").describe("Least severity of log lines."),
});

/** What the job reads of a data set's `_manifest.json`. */
export const manifestSchema = z.object({
  dataset_name: z.string().min(1),
  ingestion_id: z.string().min(1),
  ingestion_date: z.iso.date(),
});
