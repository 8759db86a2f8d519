import { hash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RecentEvents, userEventOf, type UserEvent } from "../src/state/recent_events.ts";

const T0 = Date.UTC(2026, 0, 31, 12);
/** A UUID, the same for the same text. */
const idOf = (text: string): string => hash("md5", text).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

const view = (userId: number, at: number): UserEvent => ({
  eventId: idOf(`view-${userId}-${at}`),
  userId,
  interaction: { kind: "view", movieId: at + 1, ts: T0 + at },
});
const rating = (userId: number, at: number, stars = 5): UserEvent => ({
  eventId: idOf(`rating-${userId}-${at}`),
  userId,
  interaction: { kind: "rating", movieId: at + 1, ts: T0 + at, stars },
});

describe("recent events", () => {
  test("the same event again changes nothing", () => {
    const events = new RecentEvents({ perUser: 10, total: 100 });
    events.add(rating(1, 0));
    const revision = events.revision(1);
    events.add(rating(1, 0));
    expect(events.of(1)).toHaveLength(1);
    expect(events.revision(1)).toBe(revision);
    expect(events.size).toBe(1);
  });

  test("the same id with other content keeps the later time; on another day it is another event", () => {
    const events = new RecentEvents({ perUser: 10, total: 100 });
    const first = rating(1, 0, 2);
    events.add(first);
    events.add({ ...first, interaction: { kind: "rating", movieId: 1, ts: T0 + 5, stars: 4 } });
    events.add({ ...first, interaction: { kind: "rating", movieId: 1, ts: T0 + 1, stars: 1 } });
    expect(events.of(1)).toEqual([{ kind: "rating", movieId: 1, ts: T0 + 5, stars: 4 }]);
    events.add({ ...first, interaction: { kind: "rating", movieId: 1, ts: T0 + 86_400_000, stars: 3 } });
    expect(events.of(1)).toHaveLength(2);
  });

  test("a user over the limit loses looks before opinions", () => {
    const events = new RecentEvents({ perUser: 3, total: 100 });
    events.add(rating(1, 0));
    events.add(view(1, 1));
    events.add(rating(1, 2));
    events.add(view(1, 3));
    events.add(view(1, 4));
    expect(events.of(1).map(({ kind, movieId }) => `${kind} ${movieId}`)).toEqual(["rating 1", "rating 3", "view 5"]);
  });

  test("neither limit is ever passed, and the size is what is there", () => {
    const event = fc.tuple(fc.integer({ min: 1, max: 8 }), fc.nat(30), fc.boolean());
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), (added) => {
        const events = new RecentEvents({ perUser: 5, total: 12 });
        for (const [user, at, rated] of added) events.add(rated ? rating(user, at) : view(user, at));
        const sizes = Array.from({ length: 8 }, (_, user) => events.of(user + 1).length);
        expect(Math.max(...sizes)).toBeLessThanOrEqual(5);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(events.size);
        expect(events.size).toBeLessThanOrEqual(12);
        if (added.length > 0) expect(events.of(added.at(-1)![0]).length).toBeGreaterThan(0);
      }),
    );
  });

  test("a not_interested click is an opinion; an exposure says nothing", () => {
    const base = { event_id: "e", event_ts: "2026-01-31T12:00:00Z", user_id: 1, movie_id: 2 } as const;
    expect(userEventOf({ ...base, event_type: "click", click_type: "not_interested" }, T0)?.interaction.kind).toBe(
      "not_interested",
    );
    expect(userEventOf({ ...base, event_type: "click" }, T0)?.interaction.kind).toBe("click");
    const shown = { request_id: "r", position: 1, variant: "default", strategy: "hybrid", model_version: null };
    expect(userEventOf({ ...base, event_type: "exposure", ...shown }, T0)).toBeUndefined();
  });
});
