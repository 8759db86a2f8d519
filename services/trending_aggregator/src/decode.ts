import { TOPICS, utcDay, validateEvent, type EventType } from "@cinelake/contracts";
import type { LogRecord } from "@cinelake/event_log";
import type { TrendingEvent } from "@cinelake/ranking";

/** Types of events that show interest; exposures show what the platform itself did. */
const INTEREST_TYPES = ["view", "click", "rating"] as const satisfies readonly EventType[];
const TYPE_OF_TOPIC = new Map<string, TrendingEvent["type"]>(INTEREST_TYPES.map((type) => [TOPICS[type], type]));

export const INTEREST_TOPICS = INTEREST_TYPES.map((type) => TOPICS[type]);

export interface DecodedEvent {
  /** What identifies an event: its id within the UTC day of its time. */
  readonly identity: string;
  readonly event: TrendingEvent;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * The event of a record; undefined if invalid (the stream consumer dead-letters those). Whether its time can be is left to
 * `Trending.observe`, which tells the reasons apart.
 */
export function decodeRecord(record: LogRecord): DecodedEvent | undefined {
  const type = TYPE_OF_TOPIC.get(record.topic);
  if (!type) return undefined;
  const validation = validateEvent(parse(record.value), { type, now: Number.MAX_SAFE_INTEGER });
  if (!validation.ok) return undefined;
  const { event, eventTsMs } = validation;
  if (event.event_type === "exposure") return undefined;
  return {
    identity: `${event.event_id} ${utcDay(eventTsMs)}`,
    event: {
      type,
      userId: event.user_id,
      movieId: event.movie_id,
      eventTs: eventTsMs,
      ...(event.event_type === "rating" && { rating: event.rating }),
      ...(event.event_type === "click" && event.click_type !== undefined && { clickType: event.click_type }),
    },
  };
}

function parse(value: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(value));
  } catch {
    return undefined;
  }
}
