import { processSettings } from "@cinelake/runtime";
import { z } from "zod";

/** Settings of a training in a process of its own. */
export const trainerConfigSchema = z.strictObject(processSettings);
