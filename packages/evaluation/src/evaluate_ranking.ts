import { bootstrapInterval, type Interval } from "./bootstrap.ts";
import { listQuality, type ListQuality } from "./metrics.ts";
import { filmsOfUsers } from "./ratings.ts";
import type { Split } from "./splits.ts";

/** Ranks films for a user: at most k distinct film rows, best first, none of `seen` (rising film rows). */
export type Recommend = (user: number, seen: Int32Array, k: number) => ArrayLike<number>;

export interface RankingEvaluation {
  /** Users with a film held out: those that are averaged over. */
  readonly users: number;
  /** Means over these users, and the share of all films that are in at least one list; e.g. `ndcg@10`, `coverage@10`. */
  readonly metrics: Readonly<Record<string, number>>;
  /** 95 % bootstrap intervals over users; not for coverage. */
  readonly intervals: Readonly<Record<string, Interval>>;
}

const MEANS = ["recall", "ndcg", "hr"] as const satisfies readonly (keyof ListQuality)[];

/**
 * Full ranking: every film that is not in the user's training part competes (no sampled negatives). A film held out that training
 * never saw counts as missed. Throws RangeError if a list has a seen film, a film twice or an unknown film.
 */
export function evaluateRanking(
  split: Split,
  recommend: Recommend,
  options: { readonly k?: readonly number[]; readonly resamples?: number; readonly seed?: number } = {},
): RankingEvaluation {
  const depths = options.k ?? [10];
  const seen = filmsOfUsers(split.train);
  const relevant = filmsOfUsers(split.heldOut);
  const users = relevant.flatMap((films, user) => (films.length > 0 ? [user] : []));
  const lists = users.map((user) =>
    checkedList(user, recommend(user, seen[user]!, Math.max(...depths)), seen[user]!, split),
  );
  const metrics: Record<string, number> = {};
  const intervals: Record<string, Interval> = {};
  for (const k of depths) {
    const qualities = lists.map((list, at) => listQuality(list, new Set(relevant[users[at]!]), k));
    for (const name of MEANS) {
      const values = Float64Array.from(qualities, (quality) => quality[name]);
      metrics[`${name}@${k}`] = values.reduce((sum, value) => sum + value, 0) / values.length;
      intervals[`${name}@${k}`] = bootstrapInterval(values, options);
    }
    metrics[`coverage@${k}`] = new Set(lists.flatMap((list) => list.slice(0, k))).size / split.train.films;
  }
  return { users: users.length, metrics, intervals };
}

function checkedList(user: number, ranked: ArrayLike<number>, seen: Int32Array, split: Split): number[] {
  const list = Array.from(ranked);
  const taken = new Set(seen);
  for (const film of list) {
    if (taken.has(film)) throw new RangeError(`List of user row ${user}: film row ${film} was seen or comes twice`);
    if (!(film >= 0 && film < split.train.films)) throw new RangeError(`List of user row ${user}: no film row ${film}`);
    taken.add(film);
  }
  return list;
}
