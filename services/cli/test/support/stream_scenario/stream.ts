import type { SeededRandom } from "@cinelake/testkit";

type Event = Readonly<Record<string, unknown>>;

/** One thing that a producer sends. */
export type Item =
  /** A valid event through POST /events. */
  | { readonly via: "api"; readonly event: Event }
  /** An event that POST /events refuses: it never reaches the log. */
  | { readonly via: "refused"; readonly event: Event }
  /** A record that another producer writes to the log, past the API. */
  | {
      readonly via: "log";
      readonly topic: string;
      readonly key: string;
      readonly value: Uint8Array;
      readonly valid: boolean;
    };

/** How many items of each kind a stream has. */
type Figures = Readonly<Record<Kind, number>>;
type Kind = "plain" | "late" | "unknown" | "equal" | "changed" | "conflict" | "invalid" | "refused";

export interface Stream {
  readonly items: readonly Item[];
  readonly figures: Figures;
}

/** No catalogue has users and films from here on. */
const UNKNOWN_FROM = 800_000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Share of each kind, in thousandths; the rest is plain. A repeat is one of the events before it. */
const SHARES: readonly (readonly [Kind, number])[] = [
  ["invalid", 20],
  ["refused", 3],
  ["equal", 10],
  ["changed", 15],
  ["conflict", 5],
  ["late", 10],
  ["unknown", 10],
];

/**
 * A stream of `count` items by a seed: events of users and films 1..`users` and 1..`films`, late ones (`event_ts` up to two days ago),
 * those of unknown users and films, repeats of an `event_id` with equal content, with other content (`event_ts` later, equal or earlier)
 * and of another user, and invalid ones.
 */
export function makeStream(
  count: number,
  random: SeededRandom,
  { users, films, now }: { readonly users: number; readonly films: number; readonly now: number },
): Stream {
  const figures = { plain: 0, late: 0, unknown: 0, equal: 0, changed: 0, conflict: 0, invalid: 0, refused: 0 };
  const sent: Event[] = [];
  const fresh = (fields: Event = {}): Item => {
    const event_type = random.pick(["view", "click", "click", "rating"]);
    const event_ts = new Date(now - MINUTE_MS - random.int(10 * MINUTE_MS)).toISOString();
    const ids = { user_id: 1 + random.int(users), movie_id: 1 + random.int(films) };
    const event = {
      event_id: random.uuid(),
      event_type,
      event_ts,
      ...ids,
      ...contentOf(event_type, random),
      ...fields,
    };
    sent.push(event);
    return { via: "api", event };
  };
  const make: Record<Kind, () => Item> = {
    plain: fresh,
    late: () => fresh({ event_ts: new Date(now - (1 + random.int(2)) * DAY_MS - random.int(MINUTE_MS)).toISOString() }),
    unknown: () => fresh({ user_id: UNKNOWN_FROM + random.int(500), movie_id: UNKNOWN_FROM + random.int(500) }),
    equal: () => ({ via: "api", event: random.pick(sent) }),
    changed: () => {
      const event = random.pick(sent);
      const event_ts = new Date(Date.parse(String(event["event_ts"])) + random.pick([-1000, 0, 1000])).toISOString();
      return { via: "api", event: { ...event, ...contentOf(String(event["event_type"]), random), event_ts } };
    },
    conflict: () => {
      const event = random.pick(sent);
      // In the first user's partition, so that the log says who was first.
      return record({ ...event, user_id: Number(event["user_id"]) + 1_000_000 }, String(event["user_id"]), true);
    },
    invalid: () => record(invalid(random, now), String(1 + random.int(users)), false),
    refused: () => ({ via: "refused", event: { event_id: random.uuid(), event_type: "rating", rating: 11 } }),
  };
  const items = Array.from({ length: count }, () => {
    const drawn = kindOf(random.int(1000));
    const kind = sent.length === 0 && ["equal", "changed", "conflict"].includes(drawn) ? "plain" : drawn;
    figures[kind]++;
    return make[kind]();
  });
  return { items, figures };
}

function kindOf(drawn: number): Kind {
  let below = 0;
  return SHARES.find(([, share]) => drawn < (below += share))?.[0] ?? "plain";
}

function contentOf(type: string, random: SeededRandom): Event {
  if (type === "rating") return { rating: (1 + random.int(10)) / 2 };
  if (type === "click") return { click_type: random.pick(["play", "open", "not_interested"]) };
  return { device_type: random.pick(["tv", "mobile", "desktop"]), session_id: `s-${random.int(5000)}` };
}

/** An event that breaks one rule, or bytes that are no event at all. */
function invalid(random: SeededRandom, now: number): Event | string {
  const event = {
    event_id: random.uuid(),
    event_type: "rating",
    event_ts: new Date(now - MINUTE_MS).toISOString(),
    user_id: 1,
    movie_id: 1,
    rating: 4,
  };
  return random.pick([
    `{"event_id":"${random.uuid()}"`,
    `no event ${random.int(1e9)}`,
    { ...event, rating: 5.5 },
    { ...event, event_type: "view" },
    { ...event, user_id: 0 },
    { ...event, event_id: "none" },
    { ...event, event_ts: new Date(now + 30 * DAY_MS).toISOString() },
    { ...event, movie_id: undefined },
  ]);
}

const TOPIC_OF: Readonly<Record<string, string>> = {
  view: "events_views",
  click: "events_clicks",
  rating: "events_ratings",
};

function record(event: Event | string, key: string, valid: boolean): Item {
  const text = typeof event === "string" ? event : JSON.stringify(event);
  const topic = valid && typeof event !== "string" ? TOPIC_OF[String(event["event_type"])]! : "events_ratings";
  return { via: "log", topic, key, value: Buffer.from(text), valid };
}
