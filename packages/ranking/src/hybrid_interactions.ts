import type { ServingSnapshot } from "@cinelake/als";

/** What is known of one user and one film. Times in milliseconds since the epoch. */
export type Interaction = Opinion | Look;
export type Opinion =
  | { readonly kind: "rating"; readonly movieId: number; readonly ts: number; readonly stars: number }
  | { readonly kind: "not_interested"; readonly movieId: number; readonly ts: number };
export interface Look {
  readonly kind: "view" | "click";
  readonly movieId: number;
  readonly ts: number;
}

/** All that counts of one film: at most one opinion (the latest), and how often it was looked at. */
export interface FilmEvidence {
  readonly movieId: number;
  /** The latest rating or `not_interested`; of equal times the later in the list. */
  readonly opinion: Opinion | undefined;
  readonly views: number;
  readonly clicks: number;
  /** Of the opinion if there is one, else of the last view or click. */
  readonly ts: number;
}

/** The ratings that a model was trained on of the user in row `user` of its snapshot, by rising film. */
export function historyOf(
  { movieIds, ratings, ratingTimes }: Pick<ServingSnapshot, "movieIds" | "ratings" | "ratingTimes">,
  user: number,
): Interaction[] {
  const history: Interaction[] = [];
  for (let at = ratings.indptr[user]!; at < ratings.indptr[user + 1]!; at++) {
    const movieId = movieIds[ratings.indices[at]!]!;
    history.push({ kind: "rating", movieId, stars: ratings.values[at]!, ts: ratingTimes[at]! * 1000 });
  }
  return history;
}

/**
 * Folds a user's interactions, in the order they were learned of, into one entry per film. An opinion is worth more than any number of
 * looks, and the latest opinion replaces the earlier one: a film rated 5.0 and then 0.5 is disliked.
 */
export function evidenceByFilm(interactions: Iterable<Interaction>): Map<number, FilmEvidence> {
  const films = new Map<number, FilmEvidence>();
  for (const each of interactions) {
    const known = films.get(each.movieId) ?? { movieId: each.movieId, opinion: undefined, views: 0, clicks: 0, ts: 0 };
    films.set(each.movieId, withInteraction(known, each));
  }
  return films;
}

function withInteraction(known: FilmEvidence, each: Interaction): FilmEvidence {
  switch (each.kind) {
    case "view":
    case "click": {
      const views = known.views + (each.kind === "view" ? 1 : 0);
      const clicks = known.clicks + (each.kind === "click" ? 1 : 0);
      return { ...known, views, clicks, ts: known.opinion ? known.ts : Math.max(known.ts, each.ts) };
    }
    default:
      return known.opinion && known.opinion.ts > each.ts ? known : { ...known, opinion: each, ts: each.ts };
  }
}
