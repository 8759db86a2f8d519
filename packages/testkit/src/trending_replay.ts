import type { SeededRandom } from "./random.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A rating as a replayed log has it; time in milliseconds since the epoch. */
export interface ReplayEvent {
  readonly userId: number;
  readonly movieId: number;
  readonly stars: number;
  readonly eventTs: number;
}

/** What says which films trend. It is shown events in order of time and asked in between; it has no clock. */
export interface TrendingSystem {
  observe(event: ReplayEvent): void;
  /** The best `k` films at `now`, best first. */
  top(now: number, k: number): readonly number[];
}

/** The list of one window of ranking's `Trending`, of which this is the part needed. */
export function trendingList<W extends string>(
  trending: {
    observe(
      event: { type: "rating"; userId: number; movieId: number; eventTs: number; rating: number },
      now: number,
    ): unknown;
    publication(
      window: W,
      now: number,
      context: { offsets: Readonly<Record<string, number>>; genresOf: (movieId: number) => readonly string[] },
    ): { readonly lists: Readonly<Record<string, readonly { readonly movie_id: number }[]>> };
  },
  window: W,
): TrendingSystem {
  return {
    observe({ userId, movieId, stars, eventTs }) {
      trending.observe({ type: "rating", userId, movieId, eventTs, rating: stars }, eventTs);
    },
    top: (now, k) =>
      (trending.publication(window, now, { offsets: {}, genresOf: () => [] }).lists["all"] ?? [])
        .slice(0, k)
        .map((entry) => entry.movie_id),
  };
}

/** Users who come to one film for a reason. */
export interface Burst {
  readonly movieId: number;
  readonly startTs: number;
  readonly users: readonly number[];
  /** They come evenly over this time, milliseconds. */
  readonly overMs: number;
}

/**
 * The ratings of a community scattered over `days` from `startTs` on, by a daily rhythm with nine times as much at its height as at its
 * depth. Who likes what stays as it is; the order of years, which leaves a handful of users a day, does not.
 */
export function communityLog(
  ratings: readonly Omit<ReplayEvent, "eventTs">[],
  { startTs, days, random }: { readonly startTs: number; readonly days: number; readonly random: SeededRandom },
): ReplayEvent[] {
  const timeOfDay = (): number => {
    for (;;) {
      const time = random.next();
      if (random.next() < (1 + 0.8 * Math.sin(2 * Math.PI * time)) / 1.8) return time * DAY;
    }
  };
  return inOrder(ratings.map((each) => ({ ...each, eventTs: startTs + random.int(days) * DAY + timeOfDay() })));
}

/** A community without any data set: `users` with tastes alike, films of Zipf's popularity with ids from 1. */
export function syntheticRatings(
  { users, films, count }: { readonly users: number; readonly films: number; readonly count: number },
  random: SeededRandom,
): Omit<ReplayEvent, "eventTs">[] {
  return Array.from({ length: count }, () => ({
    userId: 1 + random.int(users),
    movieId: Math.floor(films ** random.next()),
    stars: random.pick([3, 3.5, 4, 4.5, 5]),
  }));
}

export function burstEvents({ movieId, startTs, users, overMs }: Burst): ReplayEvent[] {
  return users.map((userId, index) => ({
    userId,
    movieId,
    stars: 4.5,
    eventTs: startTs + (index * overMs) / users.length,
  }));
}

export function inOrder(events: readonly ReplayEvent[]): ReplayEvent[] {
  return events.toSorted((a, b) => a.eventTs - b.eventTs);
}

/** Shows the events to the system and stops at every multiple of `stepMs` from `startTs` on: `at` is called with everything before it shown. */
export function replay(
  events: readonly ReplayEvent[],
  system: TrendingSystem,
  { startTs, endTs, stepMs, at }: { startTs: number; endTs: number; stepMs: number; at: (now: number) => void },
): void {
  let next = 0;
  for (let now = startTs; now <= endTs; now += stepMs) {
    for (; next < events.length && events[next]!.eventTs < now; next++) system.observe(events[next]!);
    at(now);
  }
}

/**
 * For each burst and each of `ks`: milliseconds from its start to the first look, a minute apart, that finds its film among the top k;
 * undefined if none within `withinMs`.
 */
export function detectionDelays(
  events: readonly ReplayEvent[],
  system: TrendingSystem,
  {
    bursts,
    ks,
    withinMs,
  }: { readonly bursts: readonly Burst[]; readonly ks: readonly number[]; readonly withinMs: number },
): (number | undefined)[][] {
  const all = inOrder([...events, ...bursts.flatMap(burstEvents)]);
  const delays: (number | undefined)[][] = bursts.map(() => ks.map(() => undefined));
  replay(all, system, {
    startTs: all[0]!.eventTs,
    endTs: Math.max(...bursts.map(({ startTs }) => startTs)) + withinMs,
    stepMs: 60_000,
    at(now) {
      const open = [...bursts.entries()].filter(
        ([each, { startTs }]) => now > startTs && now <= startTs + withinMs && delays[each]!.includes(undefined),
      );
      if (open.length === 0) return;
      const top = system.top(now, Math.max(...ks));
      for (const [each, { movieId, startTs }] of open) {
        const place = top.indexOf(movieId);
        for (const [index, k] of ks.entries()) if (place >= 0 && place < k) delays[each]![index] ??= now - startTs;
      }
    },
  });
  return delays;
}

/**
 * Mean share of the top k, for each of `ks`, asked every hour, that is among the k films whose distinct users of the next window exceed most
 * what the three windows before let expect. Begins three windows after the first event.
 */
export function precisionAtK(
  events: readonly ReplayEvent[],
  system: TrendingSystem,
  { windowMs, ks }: { readonly windowMs: number; readonly ks: readonly number[] },
): number[] {
  const sums = ks.map(() => 0);
  let asked = 0;
  replay(events, system, {
    startTs: Math.ceil(events[0]!.eventTs / HOUR) * HOUR + 3 * windowMs,
    endTs: events.at(-1)!.eventTs - windowMs,
    stepMs: HOUR,
    at(now) {
      const rising = risingFilms(events, now, windowMs);
      const top = system.top(now, Math.max(...ks));
      for (const [index, k] of ks.entries()) {
        const truth = new Set(rising.slice(0, k));
        sums[index]! += top.slice(0, k).filter((movieId) => truth.has(movieId)).length / k;
      }
      asked++;
    },
  });
  return sums.map((sum) => sum / asked);
}

/** Films by how much their distinct users of the window from `now` on exceed the mean of the three windows before. */
function risingFilms(events: readonly ReplayEvent[], now: number, windowMs: number): number[] {
  const rise = new Map<number, number>();
  for (const [ahead, share] of [
    [0, 1],
    [-1, -1 / 3],
    [-2, -1 / 3],
    [-3, -1 / 3],
  ] as const) {
    const from = now + ahead * windowMs;
    const seen = new Set<string>();
    for (let at = firstFrom(events, from); at < events.length && events[at]!.eventTs < from + windowMs; at++) {
      const { userId, movieId } = events[at]!;
      const visit = `${userId} ${movieId}`;
      if (!seen.has(visit)) rise.set(movieId, (rise.get(movieId) ?? 0) + share);
      seen.add(visit);
    }
  }
  return [...rise]
    .filter(([, users]) => users > 0)
    .sort(([filmA, a], [filmB, b]) => b - a || filmA - filmB)
    .map(([film]) => film);
}

/** Index of the first event at `time` or later. */
function firstFrom(events: readonly ReplayEvent[], time: number): number {
  let [low, high] = [0, events.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (events[middle]!.eventTs < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * What recommenders offer as "trending" (Metarank's `trending`: the sum of count * weight * decay^days, by day): a decayed popularity, to
 * compare with. A rating of four stars and more weighs 3, from three stars on 1.
 */
export function decayedCount(decayPerDay = 0.8): TrendingSystem {
  const days = new Map<number, Map<number, number>>();
  return {
    observe({ movieId, stars, eventTs }) {
      const day = Math.floor(eventTs / DAY);
      const counts = days.get(day) ?? new Map<number, number>();
      days.set(day, counts);
      counts.set(movieId, (counts.get(movieId) ?? 0) + (stars >= 4 ? 3 : stars >= 3 ? 1 : 0));
    },
    top(now, k) {
      const today = Math.floor(now / DAY);
      const scores = new Map<number, number>();
      for (const [day, counts] of days) {
        for (const [film, weight] of counts) {
          scores.set(film, (scores.get(film) ?? 0) + weight * decayPerDay ** (today - day));
        }
      }
      return [...scores]
        .toSorted(([filmA, a], [filmB, b]) => b - a || filmA - filmB)
        .slice(0, k)
        .map(([film]) => film);
    },
  };
}
