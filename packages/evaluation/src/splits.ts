import { seededUniform } from "@cinelake/als";
import { pickRatings, type Ratings } from "./ratings.ts";

/** Two parts of the ratings; every rating is in exactly one. */
export interface Split {
  readonly train: Ratings;
  readonly heldOut: Ratings;
}

/** Holds out round(fraction * n) ratings, drawn evenly over all of them; equal seeds draw equally. */
export function randomSplit(ratings: Ratings, options: { readonly fraction: number; readonly seed: number }): Split {
  checkFraction(options.fraction);
  const uniform = seededUniform(options.seed);
  const places = allPlaces(ratings);
  for (let at = places.length - 1; at > 0; at--) {
    const other = Math.floor(uniform() * (at + 1));
    [places[at], places[other]] = [places[other]!, places[at]!];
  }
  return cut(ratings, places, Math.round(options.fraction * places.length));
}

/** Holds out the latest round(fraction * n) ratings of all; ties of time go by user, then film. */
export function temporalSplit(ratings: Ratings, options: { readonly fraction: number }): Split {
  checkFraction(options.fraction);
  const { time, user, film } = ratings;
  const places = allPlaces(ratings).sort((a, b) => time[b]! - time[a]! || user[b]! - user[a]! || film[b]! - film[a]!);
  return cut(ratings, places, Math.round(options.fraction * places.length));
}

/**
 * Holds out each user's last `count` films (default 1); ties of time go to the greater film row. A user with `count` ratings or
 * fewer keeps them all in training.
 */
export function leaveLastOut(ratings: Ratings, options: { readonly count?: number } = {}): Split {
  const { count = 1 } = options;
  if (!Number.isInteger(count) || count < 1)
    throw new RangeError(`Films to hold out must be a whole number from 1, not ${count}`);
  const { time, user, film } = ratings;
  const perUser = new Int32Array(ratings.users);
  for (const each of user) perUser[each]!++;
  const places = allPlaces(ratings).sort((a, b) => user[a]! - user[b]! || time[b]! - time[a]! || film[b]! - film[a]!);
  const held = new Uint8Array(user.length);
  for (let at = 0, rank = 0; at < places.length; at++) {
    const place = places[at]!;
    rank = at > 0 && user[places[at - 1]!] === user[place] ? rank + 1 : 0;
    if (rank < count && perUser[user[place]!]! > count) held[place] = 1;
  }
  return {
    train: pickRatings(
      ratings,
      allPlaces(ratings).filter((place) => !held[place]),
    ),
    heldOut: pickRatings(
      ratings,
      allPlaces(ratings).filter((place) => held[place]),
    ),
  };
}

function allPlaces(ratings: Ratings): Int32Array {
  return Int32Array.from({ length: ratings.user.length }, (_, at) => at);
}

/** The first `count` places are held out; both parts keep the order of the ratings. */
function cut(ratings: Ratings, places: Int32Array, count: number): Split {
  return {
    train: pickRatings(ratings, places.slice(count).sort()),
    heldOut: pickRatings(ratings, places.slice(0, count).sort()),
  };
}

function checkFraction(fraction: number): void {
  if (!(fraction > 0 && fraction < 1))
    throw new RangeError(`Fraction to hold out must be between 0 and 1, not ${fraction}`);
}
