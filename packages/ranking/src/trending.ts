import { TRENDING_WINDOWS, type TrendingWindow } from "@cinelake/contracts";
import type { TrendingEntry, TrendingEvent, TrendingPublication } from "./api.ts";
import { TrendingCounts } from "./trending_counts.ts";
import { trendingLists } from "./trending_lists.ts";
import { TRENDING_DEFAULTS, WINDOW_HALF_LIFE, weightClass, type TrendingOptions } from "./trending_options.ts";
import { byScore, liveEntries, round, trendingScore } from "./trending_score.ts";
import { decodeState, encodeState } from "./trending_snapshot.ts";

/** Places of history that are kept for each window: enough for a hundred of every genre. */
const HISTORY_LENGTH = 5_000;

/** Interest in a film in the imported history, as if its newest rating were given now. */
export interface HistoryFilm {
  readonly movieId: number;
  /** Decayed weight per window; a window's half-life over history is longer than over live events. */
  readonly recent: Readonly<Record<TrendingWindow, number>>;
  /** Decayed weight over the whole of it. */
  readonly baseline: number;
  readonly users: number;
}

/**
 * - counted: it changed the counts
 * - repeated: everything it says is known
 * - no_interest: a low rating or `not_interested`
 * - late, future: its time is too far from `now`
 */
export type Observation = "counted" | "repeated" | "no_interest" | "late" | "future";

export interface PublicationContext {
  readonly offsets: Readonly<Record<string, number>>;
  readonly genresOf: (movieId: number) => readonly string[];
}

/** What is trending: a state machine over events and the time it is told. Never reads a clock. */
export interface Trending {
  /** `now` is when the log took the event. */
  observe(event: TrendingEvent, now: number): Observation;
  /** Replaces the history that fills lists until enough live interest is there, and the users it knows, who are no newcomers. */
  seedHistory(films: Iterable<HistoryFilm>, users?: ReadonlySet<number>): void;
  /** The window's lists at `now`. Remembers what is listed: leaving takes less interest than entering. */
  publication(window: TrendingWindow, now: number, context: PublicationContext): TrendingPublication;
  /** Forgets interest older than the retention. */
  forget(now: number): void;
  /** Everything but the history, in a versioned binary form. */
  snapshot(): Uint8Array;
  /** Replaces the counts by those of a snapshot; fails with `invalid_argument` and changes nothing if it cannot be read. */
  restore(snapshot: Uint8Array): void;
  size(): { readonly pairs: number; readonly users: number; readonly films: number };
}

/**
 * Trending by distinct users.
 *
 * A user counts once per film and window: with the highest decayed weight of their events on it (view 1, click 2, rating of four
 * stars or more 3), times 1/sqrt of the number of films their weight is spread over, so that nobody's events alone move a list. A film is
 * live from `minUsers` distinct users on. Its score is
 *
 *     recent * (1 + riseWeight * max(0, ln((recent + prior) / (expected + prior))))
 *
 * with recent the decayed weight as far as it is believed (`believedWeight`: newcomers beyond their usual part count a quarter), expected
 * the film's share of the long-term baseline times the recent weight of all films that as many users care about. The baseline has a half-life of 30 days, counts a user once a day, and holds the imported history as `historyMass`. History fills
 * the lists behind the live entries.
 *
 * Counts are maxima and unions: the order of events (within `lateness`) and their repetition change nothing.
 */
export function createTrending(given: Partial<TrendingOptions> = {}): Trending {
  const merged: TrendingOptions = { ...TRENDING_DEFAULTS, ...given };
  const options: TrendingOptions = {
    ...merged,
    leaveUsers: Math.min(merged.leaveUsers, merged.minUsers),
    leaveWeight: Math.min(merged.leaveWeight, merged.enterWeight),
  };
  const listed = new Map<TrendingWindow, Set<number>>();
  let counts = new TrendingCounts(options);
  let history = rankHistory([], options);
  let established: ReadonlySet<number> = new Set();

  return {
    observe(event, now) {
      if (event.eventTs > now + options.skew) return "future";
      if (event.eventTs < now - options.lateness) return "late";
      const weight = weightClass(event);
      if (weight === undefined) return "no_interest";
      return counts.add(event.userId, event.movieId, weight, event.eventTs, now) ? "counted" : "repeated";
    },

    seedHistory(films, users = new Set()) {
      history = rankHistory([...films], options);
      established = users;
      counts.establish(users);
    },

    publication(window, now, { offsets, genresOf }) {
      const live = liveEntries({
        sums: counts.sums(),
        window: TRENDING_WINDOWS.indexOf(window),
        halfLife: WINDOW_HALF_LIFE[window],
        now,
        listed: listed.get(window) ?? new Set(),
        historyShare: history.share,
        options,
      }).sort(byScore);
      listed.set(window, new Set(live.map((entry) => entry.movie_id)));
      return {
        window,
        computed_at: new Date(now).toISOString(),
        offsets: { ...offsets },
        lists: trendingLists({ live, history: history.ranked[window], genresOf, ...options }),
      };
    },

    forget(now) {
      counts.dropBefore(now - options.retention);
    },

    snapshot() {
      return encodeState({
        pairs: [...counts.known()],
        listed: Object.fromEntries([...listed].map(([window, films]) => [window, [...films]])),
      });
    },

    restore(snapshot) {
      const state = decodeState(snapshot);
      counts = new TrendingCounts(options);
      for (const pair of state.pairs) counts.insert(pair);
      counts.establish(established);
      listed.clear();
      for (const window of TRENDING_WINDOWS) listed.set(window, new Set(state.listed[window] ?? []));
    },

    size: () => counts.size,
  };
}

interface RankedHistory {
  /** A film's part of all history; undefined without history. */
  readonly share: ((movieId: number) => number) | undefined;
  readonly ranked: Readonly<Record<TrendingWindow, readonly TrendingEntry[]>>;
}

/** Ranks history by the formula of live entries, without their minimum of users. */
function rankHistory(films: readonly HistoryFilm[], options: TrendingOptions): RankedHistory {
  const total = films.reduce((sum, film) => sum + film.baseline, 0);
  const baselines = new Map(films.map((film) => [film.movieId, film.baseline]));
  const rank = (window: TrendingWindow): TrendingEntry[] => {
    const recentTotal = films.reduce((sum, film) => sum + film.recent[window], 0);
    return films
      .filter((film) => film.recent[window] > 0)
      .map((film): TrendingEntry => {
        const recent = film.recent[window];
        const expected = total > 0 ? (film.baseline / total) * recentTotal : 0;
        return {
          movie_id: film.movieId,
          score: trendingScore(recent, expected, options),
          recent: round(recent),
          baseline: round(expected),
          users: film.users,
          source: "history",
        };
      })
      .sort(byScore)
      .slice(0, HISTORY_LENGTH);
  };
  return {
    share: total > 0 ? (movieId) => (baselines.get(movieId) ?? 0) / total : undefined,
    ranked: { "1h": rank("1h"), "24h": rank("24h"), "7d": rank("7d") },
  };
}
