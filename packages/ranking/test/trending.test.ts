import { createTrending, type HistoryFilm, type Trending, type TrendingEvent } from "@cinelake/ranking";
import { seededRandom } from "@cinelake/testkit";
import { expect, test } from "vitest";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 0, 15, 12);
const NO_GENRES = { offsets: {}, genresOf: () => [] };

const click = (userId: number, movieId: number, eventTs = NOW): TrendingEvent => ({
  type: "click",
  userId,
  movieId,
  eventTs,
});
const allOf = (trending: Trending, now = NOW) => trending.publication("24h", now, NO_GENRES).lists["all"] ?? [];
const films = (trending: Trending, now = NOW) => allOf(trending, now).map((entry) => entry.movie_id);
const observeAll = (trending: Trending, events: readonly TrendingEvent[], now = NOW) =>
  events.map((event) => trending.observe(event, now));

/** Each of so many users, from id `first` on, clicks once. */
const crowd = (users: number, first: number, movieId = 777, eventTs = NOW) =>
  Array.from({ length: users }, (_, index) => click(first + index, movieId, eventTs));

test("a film is live from three distinct users on, however often two of them click", () => {
  const trending = createTrending();
  observeAll(trending, [click(1, 7), click(2, 7), click(1, 7, NOW - 1), click(2, 7, NOW - 2)]);
  expect(films(trending)).toEqual([]);
  trending.observe(click(3, 7), NOW);
  expect(allOf(trending)).toMatchObject([{ movie_id: 7, users: 3, recent: 6, source: "live" }]);
});

test("a user counts once per film, with the weightiest of their events", () => {
  const trending = createTrending({ minUsers: 1 });
  const rating = (stars: number): TrendingEvent => ({ ...click(1, 7), type: "rating", rating: stars });
  trending.observe({ ...click(1, 7), type: "view" }, NOW);
  expect(allOf(trending)[0]?.recent).toBe(1);
  trending.observe(click(1, 7), NOW);
  expect(allOf(trending)[0]?.recent).toBe(2);
  trending.observe(rating(4), NOW);
  expect(allOf(trending)[0]?.recent).toBe(3);
  expect(trending.observe({ ...click(1, 7), type: "view" }, NOW)).toBe("repeated");
  expect(allOf(trending)[0]?.recent).toBe(3);
});

test("a low rating and not_interested count nothing", () => {
  const trending = createTrending({ minUsers: 1 });
  expect(trending.observe({ ...click(1, 7), clickType: "not_interested" }, NOW)).toBe("no_interest");
  expect(trending.observe({ ...click(1, 7), type: "rating", rating: 2.5 }, NOW)).toBe("no_interest");
  expect(films(trending)).toEqual([]);
});

test("stamps of the future and of long ago are refused", () => {
  const trending = createTrending({ minUsers: 1 });
  expect(trending.observe(click(1, 7, NOW + 6 * MINUTE), NOW)).toBe("future");
  expect(trending.observe(click(1, 7, NOW - 25 * HOUR), NOW)).toBe("late");
  expect(films(trending)).toEqual([]);
  expect(trending.observe(click(1, 7, NOW + MINUTE), NOW)).toBe("counted");
  expect(allOf(trending)[0]?.recent).toBeCloseTo(2, 2);
});

test("weights halve with each half-life of their window", () => {
  const trending = createTrending({ minUsers: 1, leaveUsers: 1 });
  trending.observe(click(1, 7), NOW);
  const recent = (window: "1h" | "24h" | "7d", now: number) =>
    trending.publication(window, now, NO_GENRES).lists["all"]?.[0]?.recent;
  expect(recent("1h", NOW + HOUR)).toBeCloseTo(1);
  expect(recent("24h", NOW + DAY)).toBeCloseTo(1);
  expect(recent("7d", NOW + 14 * DAY)).toBeCloseTo(0.5);
});

test("interest spread over n films weighs 1/sqrt(n) on each", () => {
  const trending = createTrending({ minUsers: 1 });
  observeAll(trending, [click(1, 1), click(1, 2), click(1, 3), click(1, 4)]);
  expect(allOf(trending).map((entry) => entry.recent)).toEqual([1, 1, 1, 1]);
});

test("a user spread over hundreds of films is none of the three it takes", () => {
  const trending = createTrending();
  observeAll(trending, [click(1, 7), click(2, 7), click(1, 8), click(2, 8), click(3, 8)]);
  observeAll(
    trending,
    Array.from({ length: 600 }, (_, film) => click(9, film + 1)),
  );
  expect(films(trending)).toEqual([8]);
  expect(allOf(trending)[0]?.users).toBe(3);
});

test("counts keep their scale over weeks of replayed events", () => {
  const original = createTrending({ minUsers: 1, enterWeight: 0, leaveWeight: 0 });
  // Nothing touches film 50 again, whose sums are of the first day.
  original.observe(click(500, 50, NOW - 29 * DAY), NOW - 29 * DAY);
  for (let daysAgo = 29; daysAgo >= 0; daysAgo -= 4) {
    original.observe(click(daysAgo, 7, NOW - daysAgo * DAY), NOW - daysAgo * DAY);
    original.observe(click(100, daysAgo + 1, NOW - daysAgo * DAY), NOW - daysAgo * DAY);
    allOf(original, NOW - daysAgo * DAY);
  }
  const anew = createTrending({ minUsers: 1, enterWeight: 0, leaveWeight: 0 });
  anew.restore(original.snapshot());
  const rounded = (trending: Trending) =>
    trending
      .publication("7d", NOW, NO_GENRES)
      .lists["all"]?.map((entry) => [entry.movie_id, entry.recent.toFixed(4), entry.baseline.toFixed(4)]);
  expect(rounded(original)).toEqual(rounded(anew));
});

test("films that are always popular rank below a rising one", () => {
  const trending = createTrending();
  const day = (movieId: number, daysAgo: number, firstUser: number) =>
    Array.from({ length: 10 }, (_, index) => click(firstUser + index, movieId, NOW - daysAgo * DAY));
  // Film 100 has the same ten users every day, film 200 ten new ones: decayed over days it has twice their weight.
  for (let daysAgo = 29; daysAgo >= 0; daysAgo--) {
    observeAll(trending, day(100, daysAgo, 1000), NOW - daysAgo * DAY);
    observeAll(trending, day(200, daysAgo, 2000 + daysAgo * 10), NOW - daysAgo * DAY);
  }
  const known = day(300, 0, 5000);
  trending.seedHistory([], new Set(known.map(({ userId }) => userId)));
  observeAll(trending, known);
  const scoreOf = new Map(allOf(trending).map((entry) => [entry.movie_id, entry.score]));
  const rising = scoreOf.get(300) ?? 0;
  expect(rising).toBeGreaterThan(2 * (scoreOf.get(100) ?? Infinity));
  expect(rising).toBeGreaterThan(scoreOf.get(200) ?? Infinity);
});

test("a busy hour for all films lifts none of them", () => {
  const trending = createTrending();
  for (let daysAgo = 20; daysAgo >= 0; daysAgo--) {
    const at = NOW - daysAgo * DAY;
    const users = daysAgo === 0 ? 50 : 5;
    for (let film = 1; film <= 10; film++) {
      observeAll(
        trending,
        Array.from({ length: users }, (_, index) => click(film * 10_000 + daysAgo * 100 + index, film, at)),
        at,
      );
    }
  }
  for (const entry of allOf(trending)) expect(entry.score).toBeCloseTo(entry.recent, 3);
});

test("a film stays with fewer users than it takes to enter", () => {
  const trending = createTrending({ userHalfLives: 1 });
  observeAll(trending, [click(1, 7, NOW - 20 * HOUR), click(2, 7), click(3, 7)]);
  expect(films(trending)).toEqual([7]);
  expect(allOf(trending, NOW + 6 * HOUR)).toMatchObject([{ movie_id: 7, users: 2 }]);

  const never = createTrending({ userHalfLives: 1 });
  observeAll(never, [click(1, 7, NOW - 20 * HOUR), click(2, 7), click(3, 7)]);
  expect(films(never, NOW + 6 * HOUR)).toEqual([]);
});

const historyFilm = (movieId: number, weight: number): HistoryFilm => ({
  movieId,
  recent: { "1h": weight, "24h": weight, "7d": weight },
  baseline: weight,
  users: 5,
});

test("history fills the list behind live films, whatever it weighs, and shows where it comes from", () => {
  const trending = createTrending();
  trending.seedHistory([historyFilm(1, 1e9), historyFilm(2, 5e8), historyFilm(7, 1)]);
  expect(allOf(trending).map((entry) => [entry.movie_id, entry.source])).toEqual([
    [1, "history"],
    [2, "history"],
    [7, "history"],
  ]);
  observeAll(trending, [click(1, 7), click(2, 7), click(3, 7)]);
  expect(allOf(trending).map((entry) => [entry.movie_id, entry.source])).toEqual([
    [7, "live"],
    [1, "history"],
    [2, "history"],
  ]);
  const late = allOf(trending, NOW + 3.9 * DAY);
  expect(late[0]).toMatchObject({ movie_id: 7, source: "live" });
  for (const [index, entry] of late.entries()) expect(entry.score).toBeLessThan(late[index - 1]?.score ?? Infinity);
});

test.each([0, 1, 2, 3])(
  "ten users' clicks bring an absent film into the top ten under the events of a hundred others (seed %i)",
  (seed) => {
    const random = seededRandom(seed);
    const trending = createTrending();
    trending.seedHistory(Array.from({ length: 300 }, (_, index) => historyFilm(index + 1, 1e6 / (index + 1))));
    for (let event = 0; event < 1000; event++) {
      const movieId = 1 + random.int(200);
      const type = random.pick(["view", "view", "click"] as const);
      const eventTs = NOW - random.int(10 * MINUTE);
      trending.observe({ type, userId: 1 + random.int(100), movieId, eventTs }, NOW);
    }
    observeAll(
      trending,
      Array.from({ length: 10 }, (_, index) => click(500 + index, 9999)),
    );
    for (const window of ["1h", "24h", "7d"] as const) {
      const list = trending.publication(window, NOW, NO_GENRES).lists["all"] ?? [];
      expect(list.slice(0, 10).map((entry) => entry.movie_id)).toContain(9999);
    }
  },
);

test("lists by genre hold the same entries in the same order", () => {
  const trending = createTrending({ listSize: 3, historyGenreSize: 2 });
  trending.seedHistory([historyFilm(8, 3), historyFilm(9, 2), historyFilm(10, 1)]);
  for (const movieId of [1, 2])
    observeAll(
      trending,
      [1, 2, 3, 4].slice(0, 4 - movieId + 1).map((u) => click(u, movieId)),
    );
  const { lists } = trending.publication("24h", NOW, {
    offsets: { "events_clicks/0": 7 },
    genresOf: (movieId) => (movieId === 1 ? ["Drama"] : ["Comedy", "Drama"]),
  });
  const ids = (name: string) => lists[name]?.map((entry) => entry.movie_id);
  expect([ids("all"), ids("Drama"), ids("Comedy")]).toEqual([
    [1, 2, 8],
    [1, 2],
    [2, 8],
  ]);
});

test("memory stays within its caps: what weighs least goes first", () => {
  const trending = createTrending({
    minUsers: 1,
    leaveUsers: 1,
    maxPairs: 100,
    maxFilmsPerUser: 20,
    lateness: 30 * DAY,
  });
  for (let user = 1; user <= 500; user++) trending.observe(click(user, user, NOW - 20 * DAY), NOW);
  for (let user = 1; user <= 5; user++) trending.observe(click(user, 7777), NOW);
  expect(trending.size().pairs).toBeLessThanOrEqual(100);
  expect(allOf(trending)[0]).toMatchObject({ movie_id: 7777, users: 5 });
  for (let film = 1; film <= 1000; film++) trending.observe(click(1, film), NOW);
  expect(trending.size().pairs).toBeLessThanOrEqual(100 + 20);
});

const LAST_ID = Number.MAX_SAFE_INTEGER;
test.each([
  ["each of a user and a film of its own", (each: number) => [LAST_ID - each, LAST_ID - each] as const, 0],
  ["each of a user of its own, on five films", (each: number) => [LAST_ID - each, LAST_ID - (each % 5)] as const, 5],
  ["of one user, each on a film of its own", (each: number) => [LAST_ID, LAST_ID - each] as const, 0],
])("a flood of events, %s, drives nothing out of the list and stays within memory", (_, idsOf, entering) => {
  const trending = createTrending({ maxPairs: 1_000, maxFilmsPerUser: 200 });
  for (let film = 1; film <= 20; film++) observeAll(trending, crowd(3 + film, film * 100, film));
  const before = films(trending);
  expect(before).toHaveLength(20);
  for (let each = 0; each < 20_000; each++) trending.observe(click(...idsOf(each)), NOW);
  expect(films(trending).slice(entering)).toEqual(before);
  expect(trending.size().pairs).toBeLessThanOrEqual(1_000);
});

/** Twenty films with forty users each, who are known to the imported history, as are the users 801 to 900. */
function maturePlatform(): Trending {
  const trending = createTrending();
  trending.seedHistory([], new Set(Array.from({ length: 900 }, (_, user) => user + 1)));
  for (let user = 1; user <= 800; user++) trending.observe(click(user, 1 + (user % 20), NOW - 10 * MINUTE), NOW);
  return trending;
}

test("where most users are known, newcomers count a quarter beyond their usual part; known users count fully", () => {
  const recentOf = (users: readonly TrendingEvent[]): number => {
    const trending = maturePlatform();
    observeAll(trending, users);
    return allOf(trending).find((entry) => entry.movie_id === 777)?.recent ?? 0;
  };
  expect(recentOf(crowd(40, 801))).toBe(80);
  expect(recentOf(crowd(40, 5000))).toBeCloseTo(80 / 4, 0);
});

test("newcomers count fully on a young platform, when nothing else happens, and for what they do from the next day on", () => {
  const young = createTrending();
  for (let film = 1; film <= 20; film++) observeAll(young, crowd(5, film * 100, film));
  observeAll(young, crowd(40, 5000));
  expect(allOf(young)[0]).toMatchObject({ movie_id: 777, recent: 80, users: 40 });

  const quiet = createTrending();
  quiet.seedHistory([], new Set([1, 2, 3]));
  observeAll(quiet, crowd(40, 5000));
  expect(allOf(quiet)[0]).toMatchObject({ movie_id: 777, recent: 80 });

  const aged = maturePlatform();
  observeAll(aged, crowd(40, 5000, 1));
  const later = NOW + DAY + 1;
  const again = crowd(40, 5000, 777, later);
  observeAll(aged, again, later);
  const fresh = maturePlatform();
  observeAll(fresh, again, later);
  const recentAt = (trending: Trending) => allOf(trending, later).find(({ movie_id }) => movie_id === 777)!.recent;
  expect(recentAt(aged)).toBeGreaterThan(2 * recentAt(fresh));
});

test("an event with yesterday's stamp makes nobody a known user", () => {
  const backdated = maturePlatform();
  observeAll(backdated, crowd(40, 5000, 20, NOW - 23 * HOUR));
  const plain = maturePlatform();
  for (const trending of [backdated, plain]) observeAll(trending, crowd(40, 5000));
  const [cheated, honest] = [backdated, plain].map(
    (trending) => allOf(trending).find((e) => e.movie_id === 777)!.recent,
  );
  expect(cheated!).toBeLessThanOrEqual(1.1 * honest!);
});

test("forget drops interest older than the retention", () => {
  const trending = createTrending({ minUsers: 1 });
  observeAll(trending, [click(1, 7)]);
  trending.forget(NOW + 31 * DAY);
  expect(trending.size()).toEqual({ pairs: 0, users: 0, films: 0 });
});

test("a restored snapshot publishes what the original would", () => {
  const random = seededRandom(4);
  const original = createTrending();
  for (let event = 0; event < 2000; event++) {
    original.observe(click(1 + random.int(80), 1 + random.int(60), NOW - random.int(DAY)), NOW);
  }
  films(original);
  const restored = createTrending();
  // As stores hand it out: a view into a larger buffer.
  restored.restore(Buffer.concat([Buffer.alloc(3), original.snapshot()]).subarray(3));
  for (const now of [NOW, NOW + 3 * DAY]) expect(allOf(restored, now)).toEqual(allOf(original, now));
});

test("a restored snapshot still knows since when users have been there", () => {
  const original = maturePlatform();
  observeAll(original, crowd(40, 5000, 1));
  const restored = maturePlatform();
  restored.restore(original.snapshot());
  const later = NOW + DAY;
  const recentOf = (trending: Trending) => {
    observeAll(trending, crowd(40, 5000, 777, later), later);
    return allOf(trending, later).find(({ movie_id }) => movie_id === 777)!.recent;
  };
  expect(recentOf(restored)).toBe(recentOf(original));
  expect(recentOf(restored)).toBeGreaterThan(2 * recentOf(maturePlatform()));
});

test("a snapshot that cannot be read is refused and changes nothing", () => {
  const trending = createTrending({ minUsers: 1 });
  trending.observe(click(1, 7), NOW);
  const good = trending.snapshot();
  const newer = good.slice();
  newer.set(new TextEncoder().encode('{"version":3'), 4);
  for (const bad of [new Uint8Array(0), good.subarray(0, good.length - 1), newer, new Uint8Array(64).fill(255)]) {
    expect(() => trending.restore(bad)).toThrow("snapshot cannot be read");
  }
  expect(films(trending)).toEqual([7]);
});
