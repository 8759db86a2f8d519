import { MAX_CLOCK_SKEW, type TrendingWindow } from "@cinelake/contracts";
import type { TrendingEvent } from "./api.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Half-life of each window, milliseconds. */
export const WINDOW_HALF_LIFE: Readonly<Record<TrendingWindow, number>> = { "1h": HOUR, "24h": DAY, "7d": 7 * DAY };

/** Times in milliseconds. */
export interface TrendingOptions {
  /** A film needs so many distinct users to become a live entry. */
  readonly minUsers: number;
  /** A live entry with fewer users leaves the list. */
  readonly leaveUsers: number;
  /** Decayed, damped weight that makes a live entry, and the lower one that ends it. */
  readonly enterWeight: number;
  readonly leaveWeight: number;
  /** A user counts among a window's distinct users for so many of its half-lives. */
  readonly userHalfLives: number;
  /** A user who is spread over more films than this adds weight, but does not count among the distinct users. */
  readonly maxSpread: number;
  /** How much a rise over the baseline lifts a score: lambda of the formula. */
  readonly riseWeight: number;
  /** Weight added to both sides of the comparison, so that small numbers rise slowly: c of the formula. */
  readonly prior: number;
  /** Half-life of the baseline; older interest is dropped after `retention`. */
  readonly baselineHalfLife: number;
  readonly retention: number;
  /** Weight of all imported history together in the baseline. */
  readonly historyMass: number;
  /** Events of a user are a newcomer's until so long after the log first had one of theirs, unless the imported history knows them. */
  readonly newcomerAge: number;
  /** What the weight of newcomers counts beyond their usual part of a film's interest, 0 to 1. */
  readonly newcomerWeight: number;
  /** An event that is older than this when it is observed is refused. */
  readonly lateness: number;
  /** Clock skew: an event that lies further in the future is refused. */
  readonly skew: number;
  /** (user, film) pairs kept in memory, in all and for one user; beyond it those that weigh least go. */
  readonly maxPairs: number;
  readonly maxFilmsPerUser: number;
  /** Length of a list; history fills a genre's list only up to `historyGenreSize`. */
  readonly listSize: number;
  readonly historyGenreSize: number;
}

export const TRENDING_DEFAULTS: TrendingOptions = {
  minUsers: 3,
  leaveUsers: 2,
  enterWeight: 0.5,
  leaveWeight: 0.2,
  userHalfLives: 4,
  maxSpread: 500,
  riseWeight: 1,
  prior: 3,
  baselineHalfLife: 30 * DAY,
  retention: 30 * DAY,
  historyMass: 1_000,
  newcomerAge: DAY,
  newcomerWeight: 0.25,
  lateness: DAY,
  skew: MAX_CLOCK_SKEW,
  maxPairs: 200_000,
  maxFilmsPerUser: 1_000,
  listSize: 500,
  historyGenreSize: 100,
};

/** Weights an event can have; a pair of user and film keeps the latest time of each. */
export const EVENT_WEIGHTS = [1, 2, 3] as const;

/**
 * Place of the event's weight in `EVENT_WEIGHTS`, undefined if it shows no interest: view 1, click 2, rating 3 from four
 * stars on and 1 from three; lower ratings and `not_interested` count nothing.
 */
export function weightClass(event: TrendingEvent): number | undefined {
  if (event.type === "view") return 0;
  if (event.type === "click") return event.clickType === "not_interested" ? undefined : 1;
  const stars = event.rating ?? 0;
  if (stars >= 4) return 2;
  return stars >= 3 ? 0 : undefined;
}
