import { topK } from "@cinelake/als";
import { filmIndex, type FilmSpace, type Neighbour } from "./film_space.ts";
import type { TrendingShares } from "./hybrid.ts";
import type { Taste } from "./hybrid_taste.ts";

export interface CandidateRequest {
  readonly space: FilmSpace;
  readonly taste: Taste;
  readonly trending: TrendingShares;
  /** Says false of films that must not be in the list, on top of those that the user has an opinion on. */
  readonly allowed: (movieId: number) => boolean;
  readonly k: number;
  /** Neighbours of a film (by row), closest first; a cache of `neighboursOf` where that matters. */
  readonly neighbours: (index: number) => readonly Neighbour[];
  /** `bestFilms` of this space and taste, kept from an earlier request; default: found anew. */
  readonly best?: (n: number) => Int32Array;
}

/** Films beyond `k` that blending may lift into the list. */
const HEADROOM = 200;
const FRESH_ANCHORS = 3;

/**
 * The films worth scoring: the exact top `k + HEADROOM` by the user's vector (by popularity without one), the neighbours of the newest
 * likes, and all that trends. At least `k` films if there are so many that may be recommended.
 */
export function hybridCandidates(request: CandidateRequest): Set<number> {
  const { space, taste, trending, k, neighbours } = request;
  const candidates = new Set<number>(trending.keys());
  for (const row of taste.vector ? bestRows(request, taste.vector) : popularRows(request)) {
    candidates.add(space.movieIds[row]!);
  }
  for (const { index } of taste.fresh.slice(0, FRESH_ANCHORS)) {
    for (const { movieId } of neighbours(index)) candidates.add(movieId);
  }
  for (const movieId of candidates) {
    if (taste.settled.has(movieId) || !request.allowed(movieId)) candidates.delete(movieId);
  }
  if (candidates.size < k) for (const row of popularRows(request)) candidates.add(space.movieIds[row]!);
  return candidates;
}

/** Rows of the exact top `n` by the user's vector, without films that the user has an opinion on; none without a vector. */
export function bestFilms(space: FilmSpace, taste: Taste, n: number): Int32Array {
  if (!taste.vector) return new Int32Array(0);
  return topK({ index: space.topK, query: taste.vector, k: n, exclude: settledRows(space, taste) }).indices;
}

function bestRows(request: CandidateRequest, vector: Float32Array): Int32Array {
  const { space, taste, allowed, k } = request;
  const n = k + HEADROOM;
  const first = request.best?.(n) ?? bestFilms(space, taste, n);
  const refused = first.filter((row) => !allowed(space.movieIds[row]!)).length;
  if (first.length - refused >= k) return first;
  const mask = Uint8Array.from(space.movieIds, (movieId) => (allowed(movieId) ? 1 : 0));
  return topK({ index: space.topK, query: vector, k: n, exclude: settledRows(space, taste), allowed: mask }).indices;
}

function settledRows(space: FilmSpace, taste: Taste): Int32Array {
  return Int32Array.from(taste.settled, (movieId) => filmIndex(space.movieIds, movieId))
    .filter((row) => row >= 0)
    .sort();
}

function popularRows({ space, taste, allowed, k }: CandidateRequest): number[] {
  const rows: number[] = [];
  for (const row of space.popularOrder) {
    if (rows.length >= k + HEADROOM) break;
    const movieId = space.movieIds[row]!;
    if (!taste.settled.has(movieId) && allowed(movieId)) rows.push(row);
  }
  return rows;
}
