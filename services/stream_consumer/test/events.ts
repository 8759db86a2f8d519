import { TOPICS, type EventType } from "@cinelake/contracts";
import type { EventLog } from "@cinelake/event_log";
import { seededRandom } from "@cinelake/testkit";

/** A record to send: an event, or bytes that are none. */
export interface Sent {
  readonly type: EventType;
  readonly key: string;
  readonly value: Uint8Array;
}

export function sent(type: EventType, event: Record<string, unknown> | string, key?: string): Sent {
  const text = typeof event === "string" ? event : JSON.stringify({ event_type: type, ...event });
  const user = typeof event === "string" ? "broken" : String(event["user_id"]);
  return { type, key: key ?? user, value: Buffer.from(text) };
}

/** A valid rating of yesterday by the user; a fresh id each time. */
export function rating(user_id: number): Record<string, unknown> {
  const day = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  return { event_id: crypto.randomUUID(), event_ts: `${day}T10:00:00Z`, user_id, movie_id: 10, rating: 4 };
}

export async function send(log: EventLog, records: readonly Sent[]): Promise<void> {
  for (const [type, ofType] of Map.groupBy(records, (each) => each.type)) {
    await log.append(
      TOPICS[type],
      ofType.map(({ key, value }) => ({ key, value })),
    );
  }
}

/** Records, and how many of them are broken or another user's. */
export interface MixedStream {
  readonly records: readonly Sent[];
  readonly bad: number;
  readonly conflicts: number;
}

const OWN_FIELDS: Record<EventType, (at: number, uuid: string) => Record<string, unknown>> = {
  view: (at) => ({ page_url: `/films/${at}` }),
  click: (at) => ({ click_type: at % 2 === 0 ? "open" : "not_interested" }),
  rating: (at) => ({ rating: ((at % 10) + 1) / 2 }),
  exposure: (at, uuid) => ({
    request_id: uuid,
    position: (at % 500) + 1,
    variant: "default",
    strategy: "als",
    model_version: null,
  }),
};
const TYPES = Object.keys(OWN_FIELDS) as EventType[];

/** Valid events, exact repeats, repeats with other content, other users' repeats and broken records, mixed by a seed. */
export function mixedStream(
  count: number,
  seed: number,
  now: number,
  types: readonly EventType[] = TYPES,
): MixedStream {
  const random = seededRandom(seed);
  const records: Sent[] = [];
  const events: { type: EventType; key: string; event: Record<string, unknown> }[] = [];
  let [bad, conflicts] = [0, 0];
  for (let at = 0; at < count; at++) {
    const kind = random.int(100);
    const earlier = events.length > 0 ? random.pick(events) : undefined;
    if (kind < 5) {
      bad++;
      records.push(
        sent("rating", random.pick(["{", "[]", '{"event_type":"rating"}', "\u0000"]), String(random.int(50))),
      );
    } else if (kind < 12 && earlier) {
      records.push(sent(earlier.type, earlier.event, earlier.key));
    } else if (kind < 18 && earlier) {
      const own = OWN_FIELDS[earlier.type](random.int(1000), random.uuid());
      const event_ts =
        random.int(2) === 0
          ? earlier.event["event_ts"]
          : `${String(earlier.event["event_ts"]).slice(0, 10)}T23:5${random.int(10)}:00Z`;
      records.push(sent(earlier.type, { ...earlier.event, ...own, event_ts }, earlier.key));
    } else if (kind < 20 && earlier) {
      conflicts++;
      records.push(
        sent(earlier.type, { ...earlier.event, user_id: Number(earlier.event["user_id"]) + 1000 }, earlier.key),
      );
    } else {
      const type = random.pick(types);
      const user_id = 1 + random.int(50);
      const event_ts = new Date(now - (1 + random.int(3)) * 86_400_000).toISOString();
      const event = {
        event_id: random.uuid(),
        event_ts,
        user_id,
        movie_id: 1 + random.int(200),
        ...OWN_FIELDS[type](at, random.uuid()),
      };
      events.push({ type, key: String(user_id), event });
      records.push(sent(type, event));
    }
  }
  return { records, bad, conflicts };
}
