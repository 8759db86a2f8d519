import { preferenceOfRating } from "@cinelake/als";
import type { FilmEvidence } from "./hybrid_interactions.ts";
import type { HybridOptions } from "./hybrid_options.ts";

/** One film's evidence as numbers. */
export interface Preference {
  readonly movieId: number;
  readonly kind: "liked" | "looked_at" | "disliked" | "neutral";
  /** As training takes it: > 0 liked with that confidence, < 0 disliked, 0 neither. */
  readonly value: number;
  /** 1 just now, halved with every `recencyHalfLifeMs`. */
  readonly recency: number;
  /** 0..1: how much was disliked, and how recently (halved with every `dislikeHalfLifeMs`). */
  readonly dislike: number;
  /** What fold-in takes: `value`, boosted if it is positive and recent; of a dislike what the penalty leaves of it; 0 is left out. */
  readonly foldInValue: number;
}

/** Strongest preference there is: of 5.0 stars. */
export const FULL_LIKE = preferenceOfRating(5);
/** Ratings below this are dislikes. */
const NEUTRAL_STARS = 3;
const MINIMUM_STARS = 0.5;

/**
 * Turns evidence into fold-in values, newest events weighing most.
 *
 *     value   v_i = preferenceOfRating(stars); not_interested as 0.5 stars;
 *                   looks: FULL_LIKE * min(maximumLook, viewWeight * views + clickWeight * clicks)
 *     recency g_i = 2^(-age_i / recencyHalfLife)
 *     boost   B   = max(minimumBoost, recentShare / (1 - recentShare) * sum(v+) / max(sum(g v+), recentSession * FULL_LIKE))
 *     dislike d_i = max(0, (3 - stars) / 2.5) * 2^(-age_i / dislikeHalfLife)
 *     fold-in     = v_i * (1 + B g_i) if v_i > 0, else v_i * (1 - 2^(-age_i / dislikeHalfLife))
 *
 * v+ are the positive values. With `recentSession` fresh likes the boosted part of the whole is about `recentShare`, however long the
 * user's history is; one fresh like gets its part of that; old history alone keeps the values it was trained with.
 *
 * A dislike counts once: as a penalty while it is new, as evidence for the vector in the measure that the penalty fades. Dislikes are not part of B.
 * So a new one changes neither the vector nor any other entry: folded in, it would also shift films along directions that the film space relates
 * otherwise than cosine does, and lift some that are close to it.
 */
export function preferencesOf(
  evidence: ReadonlyMap<number, FilmEvidence>,
  now: number,
  options: HybridOptions,
): Preference[] {
  const plain = Array.from(evidence.values(), (film) => plainPreference(film, Math.max(0, now - film.ts), options));
  const boost = boostOf(plain, options);
  return plain.map((each) => ({
    ...each,
    foldInValue: each.value > 0 ? each.value * (1 + boost * each.recency) : each.value + each.dislike,
  }));
}

type PlainPreference = Omit<Preference, "foldInValue">;

function plainPreference(film: FilmEvidence, age: number, options: HybridOptions): PlainPreference {
  const { movieId, opinion } = film;
  const recency = halfLife(age, options.recencyHalfLifeMs);
  if (!opinion) {
    const looks = Math.min(options.maximumLook, options.viewWeight * film.views + options.clickWeight * film.clicks);
    return { movieId, kind: "looked_at", value: FULL_LIKE * looks, recency, dislike: 0 };
  }
  const stars = opinion.kind === "rating" ? opinion.stars : MINIMUM_STARS;
  const value = preferenceOfRating(stars);
  const distaste = Math.max(0, (NEUTRAL_STARS - stars) / (NEUTRAL_STARS - MINIMUM_STARS));
  const dislike = value > 0 ? 0 : distaste * halfLife(age, options.dislikeHalfLifeMs);
  const kind = value > 0 ? "liked" : distaste > 0 ? "disliked" : "neutral";
  return { movieId, kind, value, recency, dislike };
}

/** 2^(-age / halfLifeMs): 1 at age 0. */
function halfLife(age: number, halfLifeMs: number): number {
  return 2 ** (-age / halfLifeMs);
}

function boostOf(plain: readonly PlainPreference[], options: HybridOptions): number {
  let total = 0;
  let fresh = 0;
  for (const { value, recency } of plain) {
    if (value <= 0) continue;
    total += value;
    fresh += value * recency;
  }
  const share = options.recentShare / (1 - options.recentShare);
  return Math.max(options.minimumBoost, (share * total) / Math.max(fresh, options.recentSession * FULL_LIKE));
}
