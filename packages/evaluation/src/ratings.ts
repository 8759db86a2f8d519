import { buildCsr, type CsrMatrix } from "@cinelake/als";

/** Ratings as columns of one length: rows of users in [0, users) and films in [0, films), stars, and seconds since the epoch. */
export interface Ratings {
  readonly users: number;
  readonly films: number;
  readonly user: Int32Array;
  readonly film: Int32Array;
  readonly stars: Float32Array;
  readonly time: Float64Array;
}

/** The ratings at `places`, in that order; users and films keep their rows. */
export function pickRatings(ratings: Ratings, places: readonly number[] | Int32Array): Ratings {
  const pick = <T extends Int32Array | Float32Array | Float64Array>(from: T, to: T): T => {
    for (let at = 0; at < places.length; at++) to[at] = from[places[at]!]!;
    return to;
  };
  return {
    users: ratings.users,
    films: ratings.films,
    user: pick(ratings.user, new Int32Array(places.length)),
    film: pick(ratings.film, new Int32Array(places.length)),
    stars: pick(ratings.stars, new Float32Array(places.length)),
    time: pick(ratings.time, new Float64Array(places.length)),
  };
}

/** The ratings whose stars pass, e.g. `stars >= 4`. */
export function filterRatings(ratings: Ratings, keep: (stars: number) => boolean): Ratings {
  const places: number[] = [];
  for (let at = 0; at < ratings.stars.length; at++) if (keep(ratings.stars[at]!)) places.push(at);
  return pickRatings(ratings, places);
}

/** Users x films with `valueOf(stars)`; a rating with the value 0 is left out. */
export function ratingMatrix(ratings: Ratings, valueOf: (stars: number) => number): CsrMatrix {
  const values = ratings.stars.map(valueOf);
  const places: number[] = [];
  for (let at = 0; at < values.length; at++) if (values[at] !== 0) places.push(at);
  const kept = pickRatings(ratings, places);
  return buildCsr(ratings.users, ratings.films, kept.user, kept.film, kept.stars.map(valueOf));
}

/** Rising film rows of each user. */
export function filmsOfUsers(ratings: Ratings): Int32Array[] {
  const { indptr, indices } = buildCsr(ratings.users, ratings.films, ratings.user, ratings.film, ratings.stars);
  return Array.from({ length: ratings.users }, (_, user) => indices.subarray(indptr[user]!, indptr[user + 1]!));
}
