import { expect, test } from "vitest";
import { Aggregation } from "../src/aggregation.ts";
import { RecentIds } from "../src/recent_ids.ts";
import { eventRecord, NOW } from "./support/events.ts";

const clicks = (users: number, movieId: number, firstOffset = 0) =>
  Array.from({ length: users }, (_, user) =>
    eventRecord("click", { user_id: user + 1, movie_id: movieId }, firstOffset + user),
  );
const live = (aggregation: Aggregation) =>
  [...aggregation.publications(NOW)][1]?.lists["all"]?.map((entry) => entry.movie_id);

test("records are counted and their offsets remembered, invalid ones too", () => {
  const aggregation = new Aggregation({});
  const broken = { ...eventRecord("click", {}, 3), value: new Uint8Array([1, 2, 3]) };
  expect(aggregation.observe([...clicks(3, 7), broken], NOW)).toEqual(
    new Map([
      ["counted", 3],
      ["invalid", 1],
    ]),
  );
  expect(live(aggregation)).toEqual([7]);
  expect(aggregation.offsets).toEqual(new Map([["events_clicks/0", 4]]));
  expect([...aggregation.publications(NOW)][0]?.offsets).toEqual({ "events_clicks/0": 4 });
});

test("an event that comes again counts once", () => {
  const aggregation = new Aggregation({});
  const [first] = clicks(1, 7);
  expect(aggregation.observe([first!, { ...first!, offset: 1 }], NOW)).toEqual(
    new Map([
      ["counted", 1],
      ["repeated", 1],
    ]),
  );
});

test("records older than the retention are passed over", () => {
  const aggregation = new Aggregation({});
  const old = clicks(3, 7).map((record) => ({ ...record, timestamp: NOW - 31 * 86_400_000 }));
  expect(aggregation.observe(old, NOW)).toEqual(new Map([["expired", 3]]));
  expect(aggregation.offsets.get("events_clicks/0")).toBe(3);
});

test("a saved state goes on where it stopped", () => {
  const before = new Aggregation({});
  before.observe(clicks(2, 7), NOW);
  const after = new Aggregation({});
  after.restore(before.save());
  after.observe(clicks(3, 7).slice(2), NOW);
  expect(live(after)).toEqual([7]);
  expect(after.offsets.get("events_clicks/0")).toBe(3);
});

test("each record has one outcome, however wrong it is", () => {
  const minute = 60_000;
  const at = (ms: number) => ({ event_ts: new Date(NOW + ms).toISOString() });
  const records = [
    eventRecord("click", at(-25 * 60 * minute)),
    eventRecord("click", at(6 * minute)),
    eventRecord("click", { event_ts: "9999-12-31T23:59:59Z" }),
    eventRecord("click", { click_type: "not_interested" }),
    eventRecord("rating", { rating: 2 }),
    eventRecord("click", { user_id: -1 }),
    eventRecord("view", { user_id: Number.MAX_SAFE_INTEGER, movie_id: Number.MAX_SAFE_INTEGER }),
  ];
  const outcomes = new Aggregation({}).observe(records, NOW);
  expect(Object.fromEntries(outcomes)).toEqual({ late: 1, future: 2, no_interest: 2, invalid: 1, counted: 1 });
});

test("only the latest identities are remembered", () => {
  const recent = new RecentIds(2);
  expect(["a", "b", "a", "c", "b", "a"].map((identity) => recent.add(identity))).toEqual([
    true,
    true,
    false,
    true,
    true,
    true,
  ]);
});
