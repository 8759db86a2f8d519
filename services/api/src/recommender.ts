import {
  ALL_FILMS,
  DEFAULT_HYBRID_OPTIONS,
  hybridCandidates,
  rankHybrid,
  tasteOf,
  trendingShares,
  type Interaction,
  type RankedFilm,
  type Taste,
  type TrendingEntry,
  type TrendingPublication,
} from "@cinelake/ranking";
import type { Films } from "./state/films.ts";
import type { ServedModel } from "./state/served_model.ts";

/**
 * How a list was made: `hybrid` from the user's taste and trending; `trending_popular` for somebody of whom the model knows nothing;
 * `trending` without a model; `catalogue` (newest films) with nothing else to go by.
 */
export const STRATEGIES = ["hybrid", "trending_popular", "trending", "catalogue"] as const;
type Strategy = (typeof STRATEGIES)[number];

export interface Recommendation {
  readonly strategy: Strategy;
  readonly modelVersion: string | null;
  readonly films: readonly RankedFilm[];
}

export interface RecommendationInput {
  readonly model: ServedModel | undefined;
  readonly films: Films;
  readonly trending: TrendingPublication | undefined;
  /** The user in this model; undefined for nobody in particular. */
  readonly user: { readonly taste: Taste; best(n: number): Int32Array } | undefined;
  /** Films that must not be in the list, on top of those that the taste settles. */
  readonly excluded: ReadonlySet<number>;
  readonly k: number;
}

const OPTIONS = DEFAULT_HYBRID_OPTIONS;
const CANDIDATE_NEIGHBOURS = 50;

/** What a user's interactions mean in a model at `now` (milliseconds since the epoch). */
export function tasteIn(model: ServedModel, interactions: readonly Interaction[], now: number): Taste {
  return tasteOf(model.space, interactions, now, OPTIONS);
}

/** The list for one request: only films of the catalogue, none excluded, `k` of them if there are so many. Pure. */
export function recommend({ model, films, trending, user, excluded, k }: RecommendationInput): Recommendation {
  const trends = trending?.lists[ALL_FILMS] ?? [];
  const allowed = (movieId: number): boolean => !excluded.has(movieId) && isListed(films, movieId);
  if (model) {
    const known = user?.taste ?? tasteIn(model, [], 0);
    const request = { space: model.space, taste: known, trending: trendingShares(trends), allowed, k };
    const neighbours = (index: number) => model.neighbours(index).slice(0, CANDIDATE_NEIGHBOURS);
    const candidates = hybridCandidates({
      ...request,
      neighbours,
      ...(user ? { best: (n: number) => user.best(n) } : {}),
    });
    const ranked = rankHybrid({ ...request, candidates, options: OPTIONS });
    const strategy = known.vector ? "hybrid" : "trending_popular";
    if (ranked.length > 0) return { strategy, modelVersion: model.version, films: ranked };
  }
  const trendy = trends.filter(({ movie_id }) => allowed(movie_id)).slice(0, k);
  const shown = new Set(trendy.map(({ movie_id }) => movie_id));
  const rest = newestFilms(films, k - trendy.length, (movieId) => allowed(movieId) && !shown.has(movieId));
  const strategy = trendy.length > 0 ? "trending" : "catalogue";
  return { strategy, modelVersion: null, films: [...trendy.map(asTrending), ...rest.map(asUnranked)] };
}

/** Films that are in the catalogue under their own name; a placeholder is nothing to show. */
export function isListed(films: Films, movieId: number): boolean {
  return films.byId.get(movieId)?.is_placeholder === false;
}

function newestFilms(films: Films, n: number, wanted: (movieId: number) => boolean): number[] {
  return films.listed
    .filter(({ film }) => wanted(film.movie_id))
    .sort((a, b) => (b.film.year ?? 0) - (a.film.year ?? 0) || a.film.movie_id - b.film.movie_id)
    .slice(0, n)
    .map(({ film }) => film.movie_id);
}

function asTrending({ movie_id, score }: TrendingEntry): RankedFilm {
  return { movieId: movie_id, score, alsScore: 0, trendingScore: score, reasons: [{ kind: "trending" }] };
}

function asUnranked(movieId: number): RankedFilm {
  return { movieId, score: 0, alsScore: 0, trendingScore: 0, reasons: [] };
}
