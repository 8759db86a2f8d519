import { TRENDING_WINDOWS } from "@cinelake/contracts";
import { EVENT_WEIGHTS, WINDOW_HALF_LIFE } from "./trending_options.ts";

const DAY = 86_400_000;
/** Days of activity a pair remembers: one bit each. */
const DAY_BITS = 30;
const HALF_LIVES = TRENDING_WINDOWS.map((window) => WINDOW_HALF_LIFE[window]);
export const WINDOW_COUNT = HALF_LIVES.length;

/**
 * One user's interest in one film. What is kept are maxima and a union, so that neither the order of events nor their
 * repetition matters.
 */
export interface Pair {
  readonly userId: number;
  readonly movieId: number;
  /** Latest event of each weight of `EVENT_WEIGHTS`, milliseconds since the epoch; 0 for none. */
  readonly latest: [number, number, number];
  /** UTC day number of the latest event, and a bit for each active day: bit i is `lastDay - i`. */
  lastDay: number;
  days: number;
  /** Weight in each window and, last, in the baseline, as `scalePair` made them. */
  readonly scaled: number[];
}

export function newPair(userId: number, movieId: number): Pair {
  return { userId, movieId, latest: [0, 0, 0], lastDay: 0, days: 0, scaled: [0, 0, 0, 0] };
}

/** Time of the pair's latest event. */
export function newest({ latest }: Pair): number {
  return Math.max(latest[0], latest[1], latest[2]);
}

/** False if the event says nothing that the pair does not know. */
export function addEvent(pair: Pair, weightClass: number, eventTs: number): boolean {
  const newDay = markDay(pair, Math.floor(eventTs / DAY));
  if (eventTs <= (pair.latest[weightClass] ?? 0)) return newDay;
  pair.latest[weightClass] = eventTs;
  return true;
}

/**
 * Sets the pair's weights as they are at `epoch`: in a window the highest of its events', each `weight * 2^(-age / halfLife)`; in the
 * baseline its highest weight times the decayed number of active days. An age may be negative: all weights that are scaled
 * to one epoch decay alike from there on.
 */
export function scalePair(pair: Pair, epoch: number, baselineHalfLife: number): void {
  let highest = 0;
  for (let window = 0; window < WINDOW_COUNT; window++) {
    let most = 0;
    for (let index = 0; index < EVENT_WEIGHTS.length; index++) {
      const time = pair.latest[index]!;
      if (time === 0) continue;
      const weight = EVENT_WEIGHTS[index]!;
      most = Math.max(most, weight * 2 ** ((time - epoch) / HALF_LIVES[window]!));
      highest = Math.max(highest, weight);
    }
    pair.scaled[window] = most;
  }
  let activeDays = 0;
  for (let days = pair.days; days !== 0; days &= days - 1) {
    const bit = 31 - Math.clz32(days & -days);
    activeDays += 2 ** (((pair.lastDay - bit) * DAY - epoch) / baselineHalfLife);
  }
  pair.scaled[WINDOW_COUNT] = highest * activeDays;
}

/**
 * How many films a user's weight in a window is spread over: (sum c)^2 / sum c^2, the number of films when all weigh the same. It
 * does not depend on when it is asked, because all weights decay alike.
 */
export function effectiveFilms(pairs: Iterable<Pair>, window: number): number {
  let sum = 0;
  let squares = 0;
  for (const pair of pairs) {
    const weight = pair.scaled[window]!;
    sum += weight;
    squares += weight * weight;
  }
  return squares > 0 ? (sum * sum) / squares : 1;
}

/** True if the day was not marked yet. */
function markDay(pair: Pair, day: number): boolean {
  if (pair.days === 0 || day > pair.lastDay) {
    const shift = day - pair.lastDay;
    const kept = pair.days === 0 || shift >= DAY_BITS ? 0 : (pair.days << shift) & (2 ** DAY_BITS - 1);
    pair.days = kept | 1;
    pair.lastDay = day;
    return true;
  }
  const bit = pair.lastDay - day;
  if (bit >= DAY_BITS || pair.days & (1 << bit)) return false;
  pair.days |= 1 << bit;
  return true;
}
