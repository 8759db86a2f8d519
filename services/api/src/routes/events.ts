import { TOPICS, validateEvent, type CinelakeEvent, type EventTopic } from "@cinelake/contracts";
import type { Appended } from "@cinelake/event_log";
import { z } from "zod";
import type { ApiContext } from "../context.ts";
import { encodePosition, positionOf } from "../http/position.ts";
import { problem, problemResponse } from "../http/problem.ts";
import type { ApiServer } from "../http/server.ts";
import { eventsAnswerShape, type EventResult } from "../http/shapes.ts";

const MAX_EVENTS = 500;
const encoder = new TextEncoder();

const eventShape = z
  .looseObject({})
  .describe(
    "An event by schemas/events/{view,click,rating}_event.schema.json: event_id, event_type, event_ts, user_id and movie_id are required.",
  );

const eventsShape = z.array(z.unknown()).meta({ minItems: 1, maxItems: MAX_EVENTS });

/** POST /events: answers once the log has the events durably. */
export function eventRoutes(app: ApiServer, context: ApiContext): void {
  const { metrics } = context.ports;
  app.post(
    "/events",
    {
      bodyLimit: context.config.eventsBodyBytes,
      schema: {
        summary: "Tell what users did",
        description: `One event or an array of up to ${MAX_EVENTS}. Each is checked by itself; 202 if any was accepted, then all accepted ones are durable. A 503 may leave some of them stored: send the same events (with the same event_id) again, repeats are dropped.`,
        tags: ["events"],
        body: z.union([eventsShape, eventShape], { error: "must be an event or an array of events" }),
        response: { 202: eventsAnswerShape, ...problemResponse },
      },
    },
    async (request, reply) => {
      const sent: unknown[] = Array.isArray(request.body) ? request.body : [request.body];
      if (sent.length === 0 || sent.length > MAX_EVENTS) {
        throw problem("invalid_argument", `body: must have 1 to ${MAX_EVENTS} events, not ${sent.length}`);
      }
      const checked = sent.map((value) => check(value, context.now()));
      const valid = checked.flatMap((each, index) => (each.ok ? [{ index, event: each.event }] : []));
      metrics.counter("cinelake_events_rejected_total").inc({ reason: "invalid_event" }, sent.length - valid.length);
      const rejected = checked.flatMap((each, index) => (each.ok ? [] : [rejection(index, sent[index], each)]));
      if (valid.length === 0) {
        const first = rejected[0]!;
        const detail =
          sent.length === 1 ? first.reason : `None of ${sent.length} events is valid; the first: ${first.reason}`;
        throw problem("invalid_event", detail, { results: rejected });
      }
      if (!context.writer.hasRoom(valid.length)) {
        throw problem("overloaded", "Too many events wait for the log; send the same events again in a moment");
      }
      const appended = await append(
        context,
        valid.map(({ event }) => event),
      );
      for (const { event } of valid) metrics.counter("cinelake_events_accepted_total").inc({ type: event.event_type });
      const accepted = valid.map(({ index, event }, at): EventResult => {
        const { topic, partition, offset } = appended[at]!;
        return { index, status: "accepted", event_id: event.event_id, topic, partition, offset };
      });
      const results = [...accepted, ...rejected].sort((a, b) => a.index - b.index);
      return reply.code(202).send({ results, position: encodePosition(positionOf(appended)) });
    },
  );
}

type Refusal = { readonly ok: false; readonly reason: string; readonly field?: string };

function check(value: unknown, now: number): Refusal | { readonly ok: true; readonly event: CinelakeEvent } {
  const type = typeof value === "object" && value !== null && "event_type" in value ? value.event_type : undefined;
  if (type === "exposure") {
    return { ok: false, reason: "event_type exposure is written by the API alone", field: "event_type" };
  }
  return validateEvent(value, { now });
}

function rejection(index: number, value: unknown, { reason, field }: Refusal) {
  const id = typeof value === "object" && value !== null ? (value as { event_id?: unknown }).event_id : undefined;
  return {
    index,
    status: "rejected" as const,
    ...(typeof id === "string" ? { event_id: id.slice(0, 100) } : {}),
    code: "invalid_event" as const,
    reason,
    ...(field === undefined ? {} : { field }),
  };
}

/** Writes the events to their topics; one entry per event, in their order. */
async function append({ writer }: ApiContext, events: readonly CinelakeEvent[]): Promise<Appended[]> {
  const topics = new Map<EventTopic, number[]>();
  events.forEach(({ event_type }, at) => {
    const topic = TOPICS[event_type];
    topics.set(topic, [...(topics.get(topic) ?? []), at]);
  });
  const appended: Appended[] = [];
  const writes = [...topics].map(async ([topic, places]) => {
    const records = places.map((at) => {
      const event = events[at]!;
      return { key: String(event.user_id), value: encoder.encode(JSON.stringify(event)) };
    });
    (await writer.write(topic, records)).forEach((entry, at) => (appended[places[at]!] = entry));
  });
  const failed = (await Promise.allSettled(writes)).find((write) => write.status === "rejected");
  if (failed) throw failed.reason;
  return appended;
}
