import { filmSimilarity, type FilmSpace } from "./film_space.ts";
import type { Taste } from "./hybrid_taste.ts";

/** Why a film is in a list. `liked` and `looked_at` name the film of the user that it is close to. */
export type Reason =
  | { readonly kind: "liked" | "looked_at"; readonly movieId: number }
  | { readonly kind: "taste" | "trending" | "popular" };

const MAXIMUM_REASONS = 2;

/**
 * At most two reasons, the strongest first: the film of the user's with the greatest `weight * cosine` (cosine at least
 * `leastSimilarity`), that it trends, else that it fits the user's taste or is popular. Never empty.
 */
export function reasonsFor(
  space: FilmSpace,
  taste: Taste,
  film: { readonly index: number; readonly trends: boolean },
  leastSimilarity: number,
): Reason[] {
  const reasons: Reason[] = [];
  const anchor = film.index >= 0 ? closest(space, taste, film.index, leastSimilarity) : undefined;
  if (anchor) reasons.push(anchor);
  if (film.trends) reasons.push({ kind: "trending" });
  if (reasons.length === 0) reasons.push({ kind: taste.vector && film.index >= 0 ? "taste" : "popular" });
  return reasons.slice(0, MAXIMUM_REASONS);
}

/** A reason in words; `titleOf` gives undefined for a film without a title. */
export function reasonText(reason: Reason, titleOf: (movieId: number) => string | undefined): string {
  switch (reason.kind) {
    case "liked":
      return `Because you liked ${titleOf(reason.movieId) ?? "a similar film"}`;
    case "looked_at":
      return `Because you looked at ${titleOf(reason.movieId) ?? "a similar film"}`;
    case "taste":
      return "Fits what you like";
    case "trending":
      return "Trending now";
    case "popular":
      return "Popular with everybody";
  }
}

function closest(space: FilmSpace, taste: Taste, index: number, leastSimilarity: number): Reason | undefined {
  let best: Reason | undefined;
  let strength = 0;
  for (const film of taste.liked) {
    const similarity = filmSimilarity(space, index, film.index);
    if (similarity < leastSimilarity || similarity * film.weight <= strength) continue;
    strength = similarity * film.weight;
    best = { kind: film.kind === "looked_at" ? "looked_at" : "liked", movieId: film.movieId };
  }
  return best;
}
