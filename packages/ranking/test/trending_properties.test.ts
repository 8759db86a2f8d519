import { createTrending, type Trending, type TrendingEvent, type TrendingOptions } from "@cinelake/ranking";
import * as fc from "fast-check";
import { expect, test } from "vitest";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 0, 15, 12);
const WINDOWS = ["1h", "24h", "7d"] as const;

const eventOf = (users: number, movies: number, days = 1): fc.Arbitrary<TrendingEvent> =>
  fc.record({
    type: fc.constantFrom("view", "click", "rating"),
    userId: fc.integer({ min: 1, max: users }),
    movieId: fc.integer({ min: 1, max: movies }),
    eventTs: fc.integer({ min: NOW - days * DAY + 1, max: NOW }),
    rating: fc.constantFrom(0.5, 3, 4.5),
  });
/** Events enough for films to be live: fast-check would keep arrays short. */
const crowd = fc.array(eventOf(12, 8), { maxLength: 120, size: "max" });

function after(events: readonly TrendingEvent[], options?: Partial<TrendingOptions>): Trending {
  const trending = createTrending(options);
  for (const event of events) trending.observe(event, NOW);
  return trending;
}

function lists(trending: Trending, now = NOW) {
  return WINDOWS.map(
    (window) => trending.publication(window, now, { offsets: {}, genresOf: () => [] }).lists["all"] ?? [],
  );
}

/** Sums differ in their last bits with the order of adding, ranks of equal films with them. */
function comparable(trending: Trending, now = NOW) {
  return lists(trending, now).map((list) =>
    list
      .map((entry) => ({
        ...entry,
        score: entry.score.toFixed(4),
        recent: entry.recent.toFixed(4),
        baseline: entry.baseline.toFixed(4),
      }))
      .toSorted((a, b) => a.movie_id - b.movie_id),
  );
}

test("the order of events changes nothing", () => {
  const options = { minUsers: 1, enterWeight: 0, lateness: 6 * DAY };
  fc.assert(
    fc.property(
      fc
        .array(eventOf(5, 4, 6), { maxLength: 80, size: "max" })
        .chain((events) => fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length }))),
      ([events, shuffled]) => {
        expect(comparable(after(shuffled, options))).toEqual(comparable(after(events, options)));
      },
    ),
  );
});

test("repeated events change nothing", () => {
  fc.assert(
    fc.property(crowd, fc.infiniteStream(fc.nat()), (events, picks) => {
      const trending = after(events);
      const before = lists(trending);
      for (let index = 0; index < events.length; index++) {
        const again = events[(picks.next().value as number) % events.length];
        if (again) expect(trending.observe(again, NOW)).not.toBe("counted");
      }
      expect(lists(trending)).toEqual(before);
    }),
  );
});

test("without events every score falls", () => {
  fc.assert(
    fc.property(crowd, fc.array(fc.integer({ min: 1, max: 10 * 24 }), { maxLength: 5 }), (events, hours) => {
      const trending = after(events);
      trending.seedHistory([], new Set([1, 2, 3, 4, 5, 6]));
      let previous = lists(trending);
      for (const hour of hours.toSorted((a, b) => a - b)) {
        const next = lists(trending, NOW + hour * HOUR);
        for (const [window, list] of next.entries()) {
          const scores = new Map(previous[window]?.map((entry) => [entry.movie_id, entry.score]));
          for (const entry of list) expect(entry.score).toBeLessThanOrEqual((scores.get(entry.movie_id) ?? 0) + 1e-5);
        }
        previous = next;
      }
    }),
  );
});

test("one user's thousand events bring nothing into the top twenty", () => {
  const busy = Array.from({ length: 25 }, (_, film) => film + 1).flatMap((film) =>
    Array.from({ length: 4 + film }, (_, user): TrendingEvent => ({
      type: "click",
      userId: film * 100 + user,
      movieId: film,
      eventTs: NOW - HOUR,
    })),
  );
  const twoUsersEach = Array.from({ length: 1000 }, (_, film) => film + 1000).flatMap((film) =>
    [1, 2].map((user): TrendingEvent => ({ type: "view", userId: film * 10 + user, movieId: film, eventTs: NOW })),
  );
  const attack = fc.constantFrom<(index: number) => number>(
    () => 5000,
    (index) => 5000 + (index % 10),
    (index) => 5000 + index,
    (index) => 1000 + index,
    (index) => 1 + (index % 1500),
  );
  fc.assert(
    fc.property(attack, fc.constantFrom("view", "click", "rating"), (movieOf, type) => {
      const events = [...busy, ...twoUsersEach];
      const attacked = after(events);
      for (let index = 0; index < 1000; index++) {
        attacked.observe({ type, userId: 77_777, movieId: movieOf(index), eventTs: NOW, rating: 5 }, NOW);
      }
      const top = (trending: Trending) =>
        lists(trending).map((list) => list.slice(0, 20).map((entry) => entry.movie_id));
      expect(top(attacked)).toEqual(top(after(events)));
    }),
    { numRuns: 15 },
  );
});
