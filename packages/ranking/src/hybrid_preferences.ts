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
  /** What fold-in takes: `value`, boosted if it is positive and recent. */
  readonly foldInValue: number;
  /** Age in milliseconds, never negative. */
  readonly age: number;
}

/** Strongest preference there is: of 5.0 and of 0.5 stars. */
export const FULL_LIKE = preferenceOfRating(5);
export const FULL_DISLIKE = preferenceOfRating(0.5);

/**
 * Turns evidence into fold-in values, newest events weighing most.
 *
 *     value   v_i = preferenceOfRating(stars); not_interested as 0.5 stars;
 *                   looks: FULL_LIKE * min(maximumLook, viewWeight * views + clickWeight * clicks)
 *     recency g_i = 2^(-age_i / recencyHalfLife)
 *     boost   B   = max(minimumBoost, recentShare / (1 - recentShare) * sum(v+) / max(sum(g v+), recentSession * FULL_LIKE))
 *     fold-in     = v_i * (1 + B g_i) if v_i > 0, else v_i
 *
 * v+ are the positive values. With `recentSession` fresh likes the boosted part of the whole is about `recentShare`, however long the
 * user's history is; one fresh like gets its part of that; old history alone keeps the values it was trained with. Dislikes are not part
 * of B, so that a new one changes nothing but its own entry.
 */
export function preferencesOf(
  evidence: ReadonlyMap<number, FilmEvidence>,
  now: number,
  options: HybridOptions,
): Preference[] {
  const plain = Array.from(evidence.values(), (film) => {
    const age = Math.max(0, now - film.ts);
    return { ...plainValue(film, options), movieId: film.movieId, age, recency: halfLife(age, options.recencyHalfLifeMs) };
  });
  const boost = boostOf(plain, options);
  return plain.map((each) => ({
    ...each,
    foldInValue: each.value > 0 ? each.value * (1 + boost * each.recency) : each.value,
  }));
}

/** 2^(-age / halfLifeMs): 1 at age 0. */
export function halfLife(age: number, halfLifeMs: number): number {
  return 2 ** (-age / halfLifeMs);
}

function plainValue(film: FilmEvidence, options: HybridOptions): Pick<Preference, "kind" | "value"> {
  if (film.opinion) {
    const value = film.opinion.kind === "rating" ? preferenceOfRating(film.opinion.stars) : FULL_DISLIKE;
    return { kind: value > 0 ? "liked" : value < 0 ? "disliked" : "neutral", value };
  }
  const looks = options.viewWeight * film.views + options.clickWeight * film.clicks;
  return { kind: "looked_at", value: FULL_LIKE * Math.min(options.maximumLook, looks) };
}

function boostOf(plain: readonly { value: number; recency: number }[], options: HybridOptions): number {
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
