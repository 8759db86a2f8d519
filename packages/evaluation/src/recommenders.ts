import { prepareTopK, seededUniform, topK, type AlsModel } from "@cinelake/als";
import type { Recommend } from "./evaluate_ranking.ts";
import type { Ratings } from "./ratings.ts";

/** Films by their number of ratings in training, ties by row: what every method must beat. */
export function popularity(train: Ratings): Recommend {
  const counts = new Int32Array(train.films);
  for (const film of train.film) counts[film]!++;
  const order = Int32Array.from(counts.keys()).sort((a, b) => counts[b]! - counts[a]! || a - b);
  return (_user, seen, k) => firstUnseen(order, seen, k);
}

/** Films in an order of its own for each user, evenly drawn: what chance gives. */
export function randomOrder(films: number, seed: number): Recommend {
  return (user, seen, k) => {
    const uniform = seededUniform(seed * 1_000_003 + user);
    const keys = Float64Array.from({ length: films }, uniform);
    return firstUnseen(
      Int32Array.from(keys.keys()).sort((a, b) => keys[a]! - keys[b]!),
      seen,
      k,
    );
  };
}

/** Films by the dot product with the user's trained vector. */
export function alsRanking({ userFactors, itemFactors, factors }: AlsModel): Recommend {
  const index = prepareTopK(itemFactors, factors);
  return (user, seen, k) => {
    const query = userFactors.subarray(user * factors, (user + 1) * factors);
    return topK({ index, query, k, exclude: seen }).indices;
  };
}

function firstUnseen(order: Int32Array, seen: Int32Array, k: number): number[] {
  const out = new Set(seen);
  const list: number[] = [];
  for (let at = 0; at < order.length && list.length < k; at++) if (!out.has(order[at]!)) list.push(order[at]!);
  return list;
}
