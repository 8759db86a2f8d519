import { allTopics, DEFAULT_PARTITIONS } from "@cinelake/contracts";
import type { Command } from "../command.ts";

export const topicsCreateCommand: Command = {
  name: "topics create",
  summary: "Makes the topics of the event log that are missing.",
  options: {
    partitions: {
      type: "integer",
      description: "partitions of a new topic",
      default: DEFAULT_PARTITIONS,
      minimum: 1,
      maximum: 1024,
    },
  },
  async run({ house, options }) {
    const partitions = options.partitions as number;
    await house.log.createTopics(allTopics(partitions));
    const topics = [...(await house.log.topics())].map(([topic, count]) => ({ topic, partitions: count }));
    return { json: { topics }, text: topics.map((each) => `${each.topic}, ${each.partitions} partitions`).join("\n") };
  },
};
