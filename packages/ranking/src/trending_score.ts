import type { TrendingEntry } from "./api.ts";
import type { FilmSums } from "./trending_counts.ts";
import type { TrendingOptions } from "./trending_options.ts";
import { WINDOW_COUNT } from "./trending_pair.ts";

/**
 * `recent * (1 + riseWeight * max(0, ln((recent + prior) / (expected + prior))))`: decayed interest of distinct users, lifted by
 * how far it exceeds what the film's long-term share of all interest lets expect. `expected` is that share times everybody's
 * recent weight, so that a film that is always popular, and an hour that is busy for all films, lift nothing.
 */
export function trendingScore(
  recent: number,
  expected: number,
  options: Pick<TrendingOptions, "riseWeight" | "prior">,
): number {
  const rise = Math.log((recent + options.prior) / (expected + options.prior));
  return recent * (1 + options.riseWeight * Math.max(0, rise));
}

/** Decayed weight of interest, and the part of newcomers in it. */
interface Interest {
  readonly weight: number;
  readonly newcomers: number;
}

/**
 * A film's weight as far as it is believed: newcomers count fully up to the part that they have in all other films' interest, beyond
 * it `newcomerWeight`. So accounts made for the purpose move little where most users are known, and on a young platform, or when nothing else
 * happens, everybody counts.
 *
 *     usual    = (newcomers elsewhere + prior) / (weight elsewhere + prior)
 *     believed = weight - (1 - newcomerWeight) * max(0, newcomers - usual * weight)
 */
function believedWeight(
  film: Interest,
  all: Interest,
  { prior, newcomerWeight }: Pick<TrendingOptions, "prior" | "newcomerWeight">,
): number {
  const elsewhere = Math.max(0, all.weight - film.weight);
  const usual = Math.min(1, (Math.max(0, all.newcomers - film.newcomers) + prior) / (elsewhere + prior));
  return film.weight - (1 - newcomerWeight) * Math.max(0, film.newcomers - usual * film.weight);
}

/** `2^(-age / halfLife)`. */
function decay(age: number, halfLife: number): number {
  return 2 ** (-age / halfLife);
}

/** How many of the rising `times` are at `since` or later. */
function countSince(times: Float64Array, since: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? 0) < since) low = middle + 1;
    else high = middle;
  }
  return times.length - low;
}

/** Rank order: highest score first, then the smaller id, so that equal films keep their places. */
export function byScore(a: TrendingEntry, b: TrendingEntry): number {
  return b.score - a.score || a.movie_id - b.movie_id;
}

/** Every film that is or stays a live entry of the window at `now`, unordered. `listed` says which were there before. */
export function liveEntries(input: {
  readonly sums: { readonly epoch: number; readonly films: ReadonlyMap<number, FilmSums> };
  /** Index of the window in `TRENDING_WINDOWS`, and its half-life in milliseconds. */
  readonly window: number;
  readonly halfLife: number;
  readonly now: number;
  readonly listed: ReadonlySet<number>;
  /** A film's part of all imported history, 0 to 1; undefined without history. */
  readonly historyShare: ((movieId: number) => number) | undefined;
  readonly options: TrendingOptions;
}): TrendingEntry[] {
  const { sums, window, halfLife, now, listed, options } = input;
  const toRecent = decay(now - sums.epoch, halfLife);
  const toBaseline = decay(now - sums.epoch, options.baselineHalfLife);
  const historyOf = (movieId: number) => options.historyMass * (input.historyShare?.(movieId) ?? 0);
  /** Films that too few users care about say nothing of what is usual. */
  const shared = [...sums.films].filter(([, { userTimes }]) => userTimes.length >= options.leaveUsers);
  const all = { weight: 0, newcomers: 0 };
  let baselineTotal = input.historyShare ? options.historyMass : 0;
  for (const [, { weights, newcomers }] of shared) {
    all.weight += weights[window]! * toRecent;
    all.newcomers += newcomers[window]! * toRecent;
    baselineTotal += weights[WINDOW_COUNT]! * toBaseline;
  }
  const believed = shared.map(([, { weights, newcomers }]) =>
    believedWeight({ weight: weights[window]! * toRecent, newcomers: newcomers[window]! * toRecent }, all, options),
  );
  const recentTotal = believed.reduce((sum, weight) => sum + weight, 0);
  const entries: TrendingEntry[] = [];
  for (const [index, [movieId, { weights, userTimes }]] of shared.entries()) {
    const recent = believed[index]!;
    const stays = listed.has(movieId);
    if (recent < (stays ? options.leaveWeight : options.enterWeight)) continue;
    const users = countSince(userTimes, now - options.userHalfLives * halfLife);
    if (users < (stays ? options.leaveUsers : options.minUsers)) continue;
    const longTerm = weights[WINDOW_COUNT]! * toBaseline + historyOf(movieId);
    const expected = baselineTotal > 0 ? (longTerm / baselineTotal) * recentTotal : 0;
    entries.push({
      movie_id: movieId,
      score: round(trendingScore(recent, expected, options)),
      recent: round(recent),
      baseline: round(expected),
      users,
      source: "live",
    });
  }
  return entries;
}

/** Six decimals: below that is noise of the order of summing, which must not decide ranks. */
export function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
