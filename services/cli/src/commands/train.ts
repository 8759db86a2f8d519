import { runFinalLists, runTraining } from "@cinelake/all_in_one";
import type { Command } from "../command.ts";

export const trainCommand: Command = {
  name: "train",
  summary: "Trains the recommender, writes its Gold tables and promotes the model.",
  options: {},
  async run(context) {
    const result = await runTraining(context);
    const final = await runFinalLists(context);
    const text = result.changed
      ? `${result.modelVersion} serves: ${result.users} users, ${result.movies} films, ${result.ratings} ratings`
      : `${result.modelVersion} serves already: nothing has changed since it was trained`;
    return { json: { ...result, final }, text };
  },
};
