import { EVENT_TOPICS } from "@cinelake/contracts";
import type { DeadLetterFilter } from "@cinelake/stream_consumer";
import type { OptionSpec, OptionValues } from "../command.ts";

/** Options by which both `dlq` commands choose letters. */
export const dlqFilterOptions: Readonly<Record<"reason" | "topic", OptionSpec>> = {
  reason: {
    type: "string",
    description: "only letters of this class of reason: invalid_json, invalid_event, event_id_conflict",
  },
  topic: { type: "string", description: "only letters of records of this topic", choices: EVENT_TOPICS },
};

export function dlqFilterOf({ reason, topic }: OptionValues): DeadLetterFilter {
  return {
    ...(reason === undefined ? {} : { reason: reason as string }),
    ...(topic === undefined ? {} : { topic: topic as string }),
  };
}
