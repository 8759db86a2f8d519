import { randomUUID } from "node:crypto";
import { TOPICS, type EventType } from "@cinelake/contracts";
import type { LogRecord, NewRecord } from "@cinelake/event_log";

export const NOW = Date.UTC(2026, 0, 15, 12);

/** A valid event, with `change` applied; an undefined field is left out. */
export function eventValue(type: EventType, change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    event_id: randomUUID(),
    event_type: type,
    event_ts: new Date(NOW).toISOString(),
    user_id: 1,
    movie_id: 1,
    ...(type === "rating" && { rating: 4 }),
    ...change,
  };
}

export function newRecord(value: Record<string, unknown>): NewRecord {
  return { key: String(value["user_id"]), value: new TextEncoder().encode(JSON.stringify(value)) };
}

/** The event as the log would hand it out, taken in at `NOW`. */
export function eventRecord(type: EventType, change: Record<string, unknown> = {}, offset = 0): LogRecord {
  return {
    ...newRecord(eventValue(type, change)),
    topic: TOPICS[type],
    partition: 0,
    offset,
    timestamp: NOW,
    headers: {},
  };
}
