import type { TrendingEntry } from "./api.ts";
import { dotFilm, filmIndex, filmSimilarity, type FilmSpace } from "./film_space.ts";
import type { HybridOptions } from "./hybrid_options.ts";
import type { Taste, WeightedFilm } from "./hybrid_taste.ts";
import { reasonsFor, type Reason } from "./reasons.ts";

/** A film with its score and what the score is made of: `score = alsScore + trendingScore`. */
export interface ScoredFilm {
  readonly movieId: number;
  readonly score: number;
  /** All that follows from film vectors: taste (or popularity), session, dislikes. */
  readonly alsScore: number;
  readonly trendingScore: number;
}

export interface RankedFilm extends ScoredFilm {
  readonly reasons: readonly Reason[];
}

/** A trending list as ranking takes it: share 0..1 of the list's greatest score, by film. */
export type TrendingShares = ReadonlyMap<number, number>;

export interface HybridRequest {
  readonly space: FilmSpace;
  readonly taste: Taste;
  readonly trending: TrendingShares;
  /** Films that may be in the list; doubles do not matter. Films outside the model count by their trending share alone. */
  readonly candidates: Iterable<number>;
  /** Says false of films that must not be in the list, on top of those that the user has an opinion on. */
  readonly allowed: (movieId: number) => boolean;
  readonly k: number;
  readonly options: HybridOptions;
}

/** Shares of a trending list; empty for an empty one. */
export function trendingShares(entries: readonly TrendingEntry[]): TrendingShares {
  const most = entries.reduce((max, { score }) => Math.max(max, score), 0);
  return new Map(most > 0 ? entries.map(({ movie_id, score }) => [movie_id, Math.max(0, score) / most]) : []);
}

/**
 * The blended score of one film:
 *
 *     alsScore      = (1 - trendingWeight) * base + sessionWeight * session - dislikePenalty * dislike
 *     trendingScore = trendingWeight * share
 *     base    = u h_i / scale; without a vector popularity_i
 *     session = sum_l(w_l * max(0, cos(i, l))) / max(sum_l(w_l), recentSession)     over the fresh likes l
 *     dislike = 1 - prod_d(1 - w_d * max(0, cos(i, d)))                             over the recent dislikes d
 *
 * `dislike` is 0..1 and rises with every dislike that the film is close to, so each one lowers its neighbours.
 */
export function scoreFilm(
  { space, taste, trending, options }: Pick<HybridRequest, "space" | "taste" | "trending" | "options">,
  movieId: number,
): ScoredFilm {
  const index = filmIndex(space.movieIds, movieId);
  const trendingScore = options.trendingWeight * (trending.get(movieId) ?? 0);
  let alsScore = 0;
  if (index >= 0) {
    const base = taste.vector ? dotFilm(space, index, taste.vector) / taste.scale : space.popularity[index]!;
    alsScore =
      (1 - options.trendingWeight) * base +
      options.sessionWeight * closeness(space, taste.fresh, index, options.recentSession) -
      options.dislikePenalty * dislikeOf(space, taste.disliked, index);
  }
  return { movieId, score: alsScore + trendingScore, alsScore, trendingScore };
}

/**
 * The `k` best candidates by `scoreFilm`, without the films that the user has an opinion on or that are not allowed; ties by id.
 * Fewer only if there are fewer candidates.
 */
export function rankHybrid(request: HybridRequest): RankedFilm[] {
  const { space, taste, trending, options } = request;
  const scored: ScoredFilm[] = [];
  for (const movieId of new Set(request.candidates)) {
    if (taste.settled.has(movieId) || !request.allowed(movieId)) continue;
    scored.push(scoreFilm(request, movieId));
  }
  scored.sort((a, b) => b.score - a.score || a.movieId - b.movieId);
  return scored.slice(0, request.k).map((film) => {
    const place = { index: filmIndex(space.movieIds, film.movieId), trends: trending.has(film.movieId) };
    return { ...film, reasons: reasonsFor(space, taste, place, options.reasonSimilarity) };
  });
}

function closeness(space: FilmSpace, fresh: readonly WeightedFilm[], index: number, session: number): number {
  let close = 0;
  let weights = 0;
  for (const film of fresh) {
    close += film.weight * Math.max(0, filmSimilarity(space, index, film.index));
    weights += film.weight;
  }
  return close / Math.max(weights, session);
}

function dislikeOf(space: FilmSpace, disliked: readonly WeightedFilm[], index: number): number {
  let untouched = 1;
  for (const film of disliked) untouched *= 1 - film.weight * Math.max(0, filmSimilarity(space, index, film.index));
  return 1 - untouched;
}
