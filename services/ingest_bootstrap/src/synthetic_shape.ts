import { CinelakeError } from "@cinelake/contracts";
import { randomStream } from "./random.ts";

/** What to generate: a fraction of ML-25M, single figures replaced where given. */
export interface SyntheticOptions {
  /** Default 42. */
  readonly seed?: number;
  /** Users and ratings as a fraction of ML-25M's; films grow with the cube root. Default 0.004: about ml-latest-small. */
  readonly scale?: number;
  readonly users?: number;
  readonly movies?: number;
  readonly ratings?: number;
}

export interface SyntheticShape {
  readonly seed: number;
  readonly users: number;
  readonly movies: number;
  readonly ratings: number;
}

/** ML-25M. Its 25 million ratings, taken times 0.004, and the cube root for films give ml-latest-small's proportions too. */
const FULL = { users: 162_541, movies: 62_423, ratings: 25_000_095 };
/** MovieLens keeps only users with at least 20 ratings. */
const MINIMUM_PER_USER = 20;
/** A user may rate this fraction of the films; more than it is out when the first users rate. */
const MAXIMUM_FRACTION = 0.3;

/** Resolves the options; `invalid_argument` if a figure is no positive integer or the ratings do not fit users and films. */
export function syntheticShape(options: SyntheticOptions = {}): SyntheticShape {
  const { seed = 42, scale = 0.004 } = options;
  if (!(scale > 0 && scale <= 100)) refuse(`scale must lie in (0, 100], it is ${scale}`);
  if (!Number.isInteger(seed) || Math.abs(seed) > 0x7fffffff) refuse(`seed must be a 32-bit integer, it is ${seed}`);
  const users = options.users ?? Math.max(10, Math.round(FULL.users * scale));
  const movies = options.movies ?? Math.max(200, Math.round(FULL.movies * Math.cbrt(scale)));
  const ratings = options.ratings ?? Math.max(users * MINIMUM_PER_USER, Math.round(FULL.ratings * scale));
  for (const [name, value] of Object.entries({ users, movies, ratings })) {
    if (!Number.isInteger(value) || value < 1 || value > 2 ** 31)
      refuse(`${name} must be a positive integer, it is ${value}`);
  }
  if (movies < 100) refuse(`movies must be at least 100, it is ${movies}`);
  const most = users * maximumPerUser(movies);
  if (ratings < users * MINIMUM_PER_USER || ratings > most) {
    refuse(
      `${ratings} ratings do not fit ${users} users and ${movies} films: each user rates ${MINIMUM_PER_USER} to ` +
        `${maximumPerUser(movies)} films, so ratings must lie in ${users * MINIMUM_PER_USER} to ${most}`,
    );
  }
  return { seed, users, movies, ratings };
}

export const maximumPerUser = (movies: number): number => Math.floor(movies * MAXIMUM_FRACTION);

/** Address of a generated data set: equal text means equal files. */
export function syntheticUrl(shape: SyntheticShape): string {
  return `synthetic:v1?seed=${shape.seed}&users=${shape.users}&movies=${shape.movies}&ratings=${shape.ratings}`;
}

/**
 * Ratings of each user: 20 plus a log-normal excess (ML-25M: mean 154, median 71, so sigma = 1.39), their sum exactly
 * `shape.ratings`, none over `maximumPerUser`.
 */
export function ratingsPerUser(shape: SyntheticShape): Int32Array {
  const random = randomStream(shape.seed, "activity");
  const weights = Float64Array.from({ length: shape.users }, () => Math.exp(1.39 * random.normal()));
  const cap = maximumPerUser(shape.movies);
  const counts = new Int32Array(shape.users).fill(MINIMUM_PER_USER);
  let left = shape.ratings - shape.users * MINIMUM_PER_USER;
  while (left > 0) {
    let open = 0;
    for (let user = 0; user < shape.users; user++) if (counts[user]! < cap) open += weights[user]!;
    const budget = left;
    for (let user = 0; user < shape.users && left > 0; user++) {
      const room = cap - counts[user]!;
      if (room <= 0) continue;
      const share = Math.min(room, left, Math.floor((budget * weights[user]!) / open));
      counts[user] = counts[user]! + share;
      left -= share;
    }
    if (left > 0 && left < shape.users) {
      for (let user = 0; user < shape.users && left > 0; user++) {
        if (counts[user]! >= cap) continue;
        counts[user] = counts[user]! + 1;
        left--;
      }
    }
  }
  return counts;
}

function refuse(reason: string): never {
  throw new CinelakeError("invalid_argument", `Synthetic data: ${reason}.`);
}
