/** Ranking quality of one list against the films held out; every metric is in [0, 1]. */
export interface ListQuality {
  readonly recall: number;
  readonly ndcg: number;
  readonly hr: number;
}

/**
 * Binary relevance, the first k of `ranked` count, `relevant` is not empty.
 * recall = hits / min(k, |relevant|); ndcg = sum over hits of 1 / log2(rank + 1), rank from 1, divided by its greatest value, with
 * min(k, |relevant|) hits in front; hr = 1 if there is a hit. As in Liang et al. 2018 (Mult-VAE).
 */
export function listQuality(ranked: ArrayLike<number>, relevant: ReadonlySet<number>, k: number): ListQuality {
  let hits = 0;
  let gain = 0;
  for (let at = 0; at < Math.min(k, ranked.length); at++) {
    if (!relevant.has(ranked[at]!)) continue;
    hits++;
    gain += 1 / Math.log2(at + 2);
  }
  const possible = Math.min(k, relevant.size);
  let ideal = 0;
  for (let at = 0; at < possible; at++) ideal += 1 / Math.log2(at + 2);
  return { recall: hits / possible, ndcg: gain / ideal, hr: hits > 0 ? 1 : 0 };
}
