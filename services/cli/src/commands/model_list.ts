import { EXPERIMENT } from "@cinelake/als_trainer";
import type { Command } from "../command.ts";

export const modelListCommand: Command = {
  name: "model list",
  summary: "Lists the training runs, newest first, and marks the model that serves.",
  options: { limit: { type: "integer", description: "at most so many runs", default: 20, minimum: 1, maximum: 1000 } },
  async run({ house, options }) {
    const serving = await house.metadata.servingModel();
    const runs = await house.tracking.runs(EXPERIMENT, { limit: options.limit as number });
    const lines = runs.map(
      (run) =>
        `${run.name === serving?.modelVersion ? "*" : " "} ${run.name.padEnd(20)}${run.status.padEnd(10)}${new Date(run.startedAt).toISOString()}`,
    );
    return {
      json: { serving: serving ?? null, runs },
      text: lines.length > 0 ? lines.join("\n") : "No model has been trained; run ./cinelake train",
    };
  },
};
