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

/** Holds out each user's last film; ties of time go to the greater film row. A user with one rating keeps it in training. */
export function leaveLastOut(ratings: Ratings): Split {
  const { time, user, film } = ratings;
  const last = new Int32Array(ratings.users).fill(-1);
  const counts = new Int32Array(ratings.users);
  for (let at = 0; at < user.length; at++) {
    const before = last[user[at]!]!;
    counts[user[at]!]!++;
    const later = before < 0 || time[at]! > time[before]! || (time[at] === time[before] && film[at]! > film[before]!);
    if (later) last[user[at]!] = at;
  }
  const heldOut = last.filter((at, who) => at >= 0 && counts[who]! > 1);
  const held = new Set(heldOut);
  return {
    train: pickRatings(
      ratings,
      allPlaces(ratings).filter((at) => !held.has(at)),
    ),
    heldOut: pickRatings(ratings, heldOut),
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
