import { randomUUID } from "node:crypto";
import { CinelakeError, CORRELATION_HEADER, TOPICS, validateEvent, type EventType } from "@cinelake/contracts";
import type { Command } from "../command.ts";

export const eventsSendCommand: Command = {
  name: "events send",
  summary: "Writes one event to the log, as POST /events does.",
  options: {
    type: { type: "string", description: "kind of event", choices: ["view", "click", "rating"], default: "rating" },
    user: { type: "integer", description: "the user", minimum: 1, default: 1 },
    movie: { type: "integer", description: "the film", minimum: 1, default: 1 },
    rating: { type: "string", description: "stars, 0.5 to 5, of a rating" },
    "click-type": { type: "string", description: "what was clicked, e.g. not_interested" },
  },
  async run({ house, options }) {
    const type = options.type as EventType;
    const asked = {
      event_id: randomUUID(),
      event_type: type,
      event_ts: new Date().toISOString(),
      user_id: options.user,
      movie_id: options.movie,
      ...(options.rating === undefined ? {} : { rating: Number(options.rating) }),
      ...(options["click-type"] === undefined ? {} : { click_type: options["click-type"] }),
    };
    const valid = validateEvent(asked, { type, now: Date.now() });
    if (!valid.ok) throw new CinelakeError("invalid_event", `The event is not valid: ${valid.reason}`);
    const correlationId = randomUUID();
    const record = {
      key: String(options.user),
      value: Buffer.from(JSON.stringify(valid.event)),
      headers: { [CORRELATION_HEADER]: correlationId },
    };
    const [at] = await house.log.append(TOPICS[type], [record]);
    return {
      json: { event: valid.event, ...at, correlationId },
      text: `${at?.topic}, partition ${at?.partition}, offset ${at?.offset}, correlation id ${correlationId}: ${JSON.stringify(valid.event)}`,
    };
  },
};
