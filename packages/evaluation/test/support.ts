import type { Ratings } from "../src/index.ts";

/** Ratings from [user, film, stars, time] rows. */
export function ratingsOf(
  users: number,
  films: number,
  rows: readonly (readonly [number, number, number, number])[],
): Ratings {
  return {
    users,
    films,
    user: Int32Array.from(rows, ([user]) => user),
    film: Int32Array.from(rows, ([, film]) => film),
    stars: Float32Array.from(rows, ([, , stars]) => stars),
    time: Float64Array.from(rows, ([, , , time]) => time),
  };
}

export const rowsOf = (ratings: Ratings): number[][] =>
  Array.from(ratings.user, (user, at) => [user, ratings.film[at]!, ratings.stars[at]!, ratings.time[at]!]);
