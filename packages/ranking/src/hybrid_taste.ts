import { foldIn } from "@cinelake/als";
import { dotFilm, filmIndex, type FilmSpace } from "./film_space.ts";
import { evidenceByFilm, type Interaction } from "./hybrid_interactions.ts";
import type { HybridOptions } from "./hybrid_options.ts";
import { FULL_LIKE, preferencesOf, type Preference } from "./hybrid_preferences.ts";

/** A film of the model (its row) and how much it counts. */
export interface WeightedFilm {
  readonly index: number;
  readonly movieId: number;
  readonly weight: number;
  readonly kind: Preference["kind"];
}

/** What one user's interactions mean in one model. Holds for as long as neither changes (recency moves slowly: minutes do not matter). */
export interface Taste {
  /** The folded-in user vector; undefined if no positive evidence concerns a film of the model. */
  readonly vector: Float32Array | undefined;
  /** What the model scores a film that the user likes; > 0 if there is a vector. */
  readonly scale: number;
  /** Positive evidence, strongest first: the reasons. */
  readonly liked: readonly WeightedFilm[];
  /** Positive evidence of the session, by recency: weight 1 is a 5.0 rating just now. */
  readonly fresh: readonly WeightedFilm[];
  /** Recent dislikes, weight 0 .. MAXIMUM_STRENGTH. */
  readonly disliked: readonly WeightedFilm[];
  /** Films that the user has an opinion on: never recommended again. */
  readonly settled: ReadonlySet<number>;
}

const MAXIMUM_ANCHORS = 200;
const MAXIMUM_FRESH = 20;
const LEAST_WEIGHT = 0.01;
/** Below 1, so that a second dislike still lowers what the first one is identical to. */
const MAXIMUM_STRENGTH = 0.9;

/**
 * Folds a user into the model: with the films fixed, the vector that training would give to these interactions (values as in
 * `preferencesOf`).
 *
 *     u+    = foldIn(positive values)
 *     scale = sum(v_i * u+ h_i) / sum(v_i)  over the positive values; > 0, for u+ solves A u+ = sum(v_i h_i) with A positive definite
 *     u     = foldIn(positive values, and what is folded in of dislikes d with u+ h_d > 0)
 *
 * A dislike's target is 0: one that the model scores below 0 anyway would only lift it and its neighbours, and is left to the penalty.
 */
export function tasteOf(
  space: FilmSpace,
  interactions: Iterable<Interaction>,
  now: number,
  options: HybridOptions,
): Taste {
  const evidence = evidenceByFilm(interactions);
  const settled = new Set<number>();
  for (const film of evidence.values()) if (film.opinion) settled.add(film.movieId);
  const known = preferencesOf(evidence, now, options)
    .map((preference) => ({ preference, index: filmIndex(space.movieIds, preference.movieId) }))
    .filter(({ index }) => index >= 0)
    .sort((a, b) => a.index - b.index);
  const positive = known.filter(({ preference }) => preference.value > 0);
  const negative = known.filter(({ preference }) => preference.kind === "disliked");
  const liking = positive.length > 0 ? fold(space, positive) : undefined;
  const scale = liking ? meanScore(space, liking, positive) : 0;
  const surprising = liking
    ? negative.filter(({ preference, index }) => preference.foldInValue < 0 && dotFilm(space, index, liking) > 0)
    : [];
  const vector =
    liking && surprising.length > 0
      ? fold(
          space,
          [...positive, ...surprising].sort((a, b) => a.index - b.index),
        )
      : liking;
  return {
    vector: scale > 0 ? vector : undefined,
    scale,
    liked: weighted(positive, ({ foldInValue }) => foldInValue, MAXIMUM_ANCHORS),
    fresh: weighted(positive, ({ value, recency }) => (value / FULL_LIKE) * recency, MAXIMUM_FRESH),
    disliked: weighted(negative, ({ dislike }) => dislike * MAXIMUM_STRENGTH, MAXIMUM_ANCHORS),
    settled,
  };
}

type Known = { readonly preference: Preference; readonly index: number };

function fold(space: FilmSpace, known: readonly Known[]): Float32Array {
  return foldIn({
    itemFactors: space.itemFactors,
    gram: space.gram,
    factors: space.factors,
    indices: Int32Array.from(known, ({ index }) => index),
    values: Float32Array.from(known, ({ preference }) => preference.foldInValue),
    options: space.options,
  });
}

function meanScore(space: FilmSpace, vector: Float32Array, known: readonly Known[]): number {
  let scores = 0;
  let weights = 0;
  for (const { index, preference } of known) {
    scores += preference.foldInValue * dotFilm(space, index, vector);
    weights += preference.foldInValue;
  }
  return weights > 0 ? scores / weights : 0;
}

function weighted(known: readonly Known[], weightOf: (each: Preference) => number, limit: number): WeightedFilm[] {
  return known
    .map(({ preference, index }) => ({
      index,
      movieId: preference.movieId,
      kind: preference.kind,
      weight: weightOf(preference),
    }))
    .filter(({ weight }) => weight >= LEAST_WEIGHT)
    .sort((a, b) => b.weight - a.weight || a.movieId - b.movieId)
    .slice(0, limit);
}
