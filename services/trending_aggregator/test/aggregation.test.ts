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
  expect(aggregation.observe([...clicks(3, 7), broken], NOW)).toBe(3);
  expect(live(aggregation)).toEqual([7]);
  expect(aggregation.offsets).toEqual(new Map([["events_clicks/0", 4]]));
  expect([...aggregation.publications(NOW)][0]?.offsets).toEqual({ "events_clicks/0": 4 });
});

test("an event that comes again counts once", () => {
  const aggregation = new Aggregation({});
  const [first] = clicks(1, 7);
  expect(aggregation.observe([first!, { ...first!, offset: 1 }], NOW)).toBe(1);
});

test("records older than the retention are passed over", () => {
  const aggregation = new Aggregation({});
  const old = clicks(3, 7).map((record) => ({ ...record, timestamp: NOW - 31 * 86_400_000 }));
  expect(aggregation.observe(old, NOW)).toBe(0);
  expect(aggregation.offsets.get("events_clicks/0")).toBe(3);
});

test("a saved state goes on where it stopped", () => {
  const before = new Aggregation({});
  before.observe(clicks(2, 7), NOW);
  const after = new Aggregation({});
  expect(after.restore(before.save(), new Map([["events_clicks/0", 2]]))).toBeUndefined();
  after.observe(clicks(3, 7).slice(2), NOW);
  expect(live(after)).toEqual([7]);
  expect(after.offsets.get("events_clicks/0")).toBe(3);
});

test("the state of a longer log is refused by name", () => {
  const before = new Aggregation({});
  before.observe(clicks(5, 7), NOW);
  const after = new Aggregation({});
  expect(after.restore(before.save(), new Map([["events_clicks/0", 4]]))).toBe(
    "events_clicks/0 was read up to 5, but the log ends at 4",
  );
  expect(after.offsets.size).toBe(0);
  expect(live(after)).toEqual([]);
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
