import { findError, TOPICS, validateEvent, type CinelakeEvent } from "@cinelake/contracts";
import { MAX_RECORD_BYTES, type Appended, type NewRecord } from "@cinelake/event_log";
import { inSpan } from "@cinelake/runtime";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { ApiContext } from "../context.ts";
import { bytesOf, overloaded } from "../event_writer.ts";
import { bodyIntake } from "../http/body_intake.ts";
import { encodePosition, positionOf } from "../http/position.ts";
import { problem, problemResponse } from "../http/problem.ts";
import { recordHeaders } from "../http/record_headers.ts";
import type { ApiServer } from "../http/server.ts";
import { eventsAnswerShape, type EventResult } from "../http/shapes.ts";

const MAX_EVENTS = 500;
/** As the log has it, with room for its key: an event that the log would refuse must not fail those that are appended with it. */
const MAX_EVENT_BYTES = MAX_RECORD_BYTES - 1000;
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
  const { eventsBodyBytes: bodyLimit, eventsBytesInFlight: bytes } = context.config;
  const shed = metrics.counter("cinelake_event_requests_shed_total");
  app.post(
    "/events",
    {
      bodyLimit,
      onRequest: bodyIntake({ bytes, bodyLimit, refused: () => overloaded("bytes_in_flight") }),
      onError: async (_request, _reply, error) => {
        const refused = findError(error, "overloaded", "log_unavailable");
        if (refused) shed.inc({ reason: String(refused.details["reason"] ?? refused.code) });
      },
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
      const valid = checked.flatMap((each, index) => (each.ok ? [{ index, ...each }] : []));
      metrics.counter("cinelake_events_rejected_total").inc({ reason: "invalid_event" }, sent.length - valid.length);
      const rejected = checked.flatMap((each, index) => (each.ok ? [] : [rejection(index, sent[index], each)]));
      if (valid.length === 0) {
        const first = rejected[0]!;
        const detail =
          sent.length === 1 ? first.reason : `None of ${sent.length} events is valid; the first: ${first.reason}`;
        throw problem("invalid_event", detail, { results: rejected });
      }
      const appended = await append(context, request, valid);
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

/** A valid event and its record. */
interface Valid {
  readonly event: CinelakeEvent;
  readonly record: NewRecord;
}
type Rejected = { readonly ok: false; readonly reason: string; readonly field?: string };

function check(value: unknown, now: number): Rejected | ({ readonly ok: true } & Valid) {
  const type = typeof value === "object" && value !== null && "event_type" in value ? value.event_type : undefined;
  if (type === "exposure") {
    return { ok: false, reason: "event_type exposure is written by the API alone", field: "event_type" };
  }
  const checked = validateEvent(value, { now });
  if (!checked.ok) return checked;
  const { event } = checked;
  const record = { key: String(event.user_id), value: encoder.encode(JSON.stringify(event)) };
  const { byteLength } = record.value;
  if (byteLength <= MAX_EVENT_BYTES) return { ok: true, event, record };
  return { ok: false, reason: `an event of ${byteLength} bytes is too large; the log takes ${MAX_EVENT_BYTES}` };
}

function rejection(index: number, value: unknown, { reason, field }: Rejected) {
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

/**
 * Writes the events to their topics, or none if there is no room for all; one entry per event, in their order. The request's id goes along
 * in their headers.
 */
async function append(
  { writer, tracing }: ApiContext,
  request: FastifyRequest,
  events: readonly Valid[],
): Promise<Appended[]> {
  const refusal = writer.refusal(events.length, bytesOf(events.map(({ record }) => record)));
  if (refusal) throw overloaded(refusal);
  const topics = Map.groupBy(events.keys(), (at) => TOPICS[events[at]!.event.event_type]);
  const appended: Appended[] = [];
  const writes = [...topics].map(async ([topic, places]) => {
    const attributes = { "messaging.destination.name": topic, "messaging.batch.message_count": places.length };
    await inSpan(tracing, `send ${topic}`, { kind: "producer", parent: request.span, attributes }, async (span) => {
      const headers = recordHeaders(request, span);
      const records = places.map((at) => ({ ...events[at]!.record, headers }));
      (await writer.write(topic, records)).forEach((entry, at) => (appended[places[at]!] = entry));
    });
  });
  const failed = (await Promise.allSettled(writes)).find((write) => write.status === "rejected");
  if (failed) throw failed.reason;
  return appended;
}
