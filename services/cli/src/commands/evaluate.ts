import { evaluateModel, formatEvaluation } from "@cinelake/als_trainer";
import type { Command } from "../command.ts";

export const evaluateCommand: Command = {
  name: "evaluate",
  summary: "Measures the recommender on held-out ratings; docs/evaluation.md states the protocols.",
  options: {},
  async run({ house, step, signal }) {
    const evaluation = await step("evaluate", (report) => evaluateModel(house, { onProgress: report, signal }));
    return { json: evaluation, text: formatEvaluation(evaluation) };
  },
};
