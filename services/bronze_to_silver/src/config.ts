import { processSettings } from "@cinelake/runtime";
import { z } from "zod";

/** Settings of the job in a process of its own. */
export const etlConfigSchema = z.strictObject({
  ...processSettings,
  dataset: z.string().min(1).default("ml-25m").describe("Data set to make Silver from."),
});

/** What the job reads of a data set's `_manifest.json`. */
export const manifestSchema = z.object({
  dataset_name: z.string().min(1),
  ingestion_id: z.string().min(1),
  ingestion_date: z.iso.date(),
});
