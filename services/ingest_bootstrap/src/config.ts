import { processSettings } from "@cinelake/runtime";
import { z } from "zod";

/** Settings of a bootstrap in a process of its own. */
export const bootstrapConfigSchema = z.strictObject({
  ...processSettings,
  dataset: z.string().min(1).default("ml-25m").describe("Data set to load."),
  source: z.string().optional().describe("Archive, folder with the CSV files, or address of a mirror."),
  force: z.boolean().default(false).describe("Load again what is there already."),
});
