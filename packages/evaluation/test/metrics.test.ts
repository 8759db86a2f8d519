import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bootstrapInterval, evaluateRanking, listQuality, popularity, randomOrder, type Split } from "../src/index.ts";
import { ratingsOf } from "./support.ts";

describe("listQuality", () => {
  test("values computed by hand", () => {
    // Hits at ranks 1 and 4 of three films held out: DCG = 1 + 1/log2(5), IDCG = 1 + 1/log2(3) + 1/2.
    const quality = listQuality([7, 1, 2, 8], new Set([7, 8, 9]), 4);
    expect(quality.ndcg).toBeCloseTo((1 + 0.430677) / (1 + 0.63093 + 0.5), 5);
    expect(quality.recall).toBeCloseTo(2 / 3, 12);
    expect(quality.hr).toBe(1);
    // Only the first k count, and more films held out than k cannot push the best below 1.
    expect(listQuality([1, 7], new Set([7]), 1)).toEqual({ recall: 0, ndcg: 0, hr: 0 });
    expect(listQuality([3, 4], new Set([3, 4, 5, 6]), 2)).toEqual({ recall: 1, ndcg: 1, hr: 1 });
    // One film held out, at rank 3: NDCG = 1/log2(4).
    expect(listQuality([1, 2, 3], new Set([3]), 10)).toEqual({ recall: 1, ndcg: 0.5, hr: 1 });
    expect(listQuality([], new Set([3]), 10)).toEqual({ recall: 0, ndcg: 0, hr: 0 });
  });

  test("moving a hit up never lowers ndcg, and 1 is reached only with all hits in front", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(30), { minLength: 2, maxLength: 12 }),
        fc.uniqueArray(fc.nat(30), { minLength: 1 }),
        (list, held) => {
          const relevant = new Set(held);
          const upwards = [...list].sort((a, b) => Number(relevant.has(b)) - Number(relevant.has(a)));
          const before = listQuality(list, relevant, 10).ndcg;
          const after = listQuality(upwards, relevant, 10).ndcg;
          expect(after).toBeGreaterThanOrEqual(before - 1e-12);
          expect(after).toBeLessThanOrEqual(1 + 1e-12);
        },
      ),
    );
  });
});

describe("evaluateRanking", () => {
  // Film popularity in training: 0 three times, 1 twice, 2 once, 3 never. User 3 has nothing held out.
  const split: Split = {
    train: ratingsOf(4, 4, [
      [0, 0, 5, 1],
      [1, 0, 5, 1],
      [2, 0, 5, 1],
      [0, 1, 5, 1],
      [1, 1, 5, 1],
      [3, 2, 5, 1],
    ]),
    heldOut: ratingsOf(4, 4, [
      [0, 2, 5, 2],
      [1, 3, 5, 2],
      [2, 3, 5, 2],
      [2, 1, 5, 2],
    ]),
  };

  test("popularity by hand: seen films out, users without a film held out do not count", () => {
    // Lists: user 0 [2, 3], user 1 [2, 3], user 2 [1, 2, 3].
    const { users, metrics, intervals } = evaluateRanking(split, popularity(split.train), { k: [1, 2], seed: 3 });
    expect(users).toBe(3);
    expect(metrics["hr@1"]).toBeCloseTo(2 / 3, 12);
    expect(metrics["recall@1"]).toBeCloseTo(2 / 3, 12);
    expect(metrics["recall@2"]).toBeCloseTo((1 + 1 + 1 / 2) / 3, 12);
    const second = 1 / Math.log2(3);
    expect(metrics["ndcg@2"]).toBeCloseTo((1 + second + 1 / (1 + second)) / 3, 12);
    expect(metrics["coverage@1"]).toBe(2 / 4);
    expect(metrics["coverage@2"]).toBe(3 / 4);
    expect(Object.keys(intervals).sort()).toEqual(["hr@1", "hr@2", "ndcg@1", "ndcg@2", "recall@1", "recall@2"]);
  });

  test("an oracle scores 1", () => {
    const held = [[2], [3], [1, 3], []];
    const { metrics } = evaluateRanking(split, (user) => held[user]!, { k: [10] });
    expect([metrics["ndcg@10"], metrics["recall@10"], metrics["hr@10"]]).toEqual([1, 1, 1]);
  });

  test("a list with a seen, repeated or unknown film is refused", () => {
    for (const list of [[0], [2, 2], [4], [-1]]) {
      expect(() => evaluateRanking(split, () => list)).toThrow(RangeError);
    }
  });

  test("random orders are whole, without seen films, and differ between users", () => {
    const recommend = randomOrder(50, 1);
    const list = Array.from(recommend(0, Int32Array.of(3, 4), 50));
    expect(new Set(list).size).toBe(48);
    expect(list.includes(3) || list.includes(4)).toBe(false);
    expect(Array.from(recommend(0, Int32Array.of(3, 4), 50))).toEqual(list);
    expect(Array.from(recommend(1, Int32Array.of(3, 4), 50))).not.toEqual(list);
  });
});

describe("bootstrapInterval", () => {
  test("matches the normal interval of a mean where that is known", () => {
    const values = Float64Array.from({ length: 400 }, (_, at) => at % 2);
    const [low, high] = bootstrapInterval(values, { resamples: 2000 });
    const half = 1.96 * Math.sqrt(0.25 / 400);
    expect(low).toBeCloseTo(0.5 - half, 1.9);
    expect(high).toBeCloseTo(0.5 + half, 1.9);
  });

  test("equal values leave no doubt, and equal seeds draw equally", () => {
    expect(bootstrapInterval(new Float64Array(5).fill(0.3))).toEqual(
      [0.3, 0.3].map((value) => expect.closeTo(value, 12)),
    );
    const values = Float64Array.from([0, 1, 2, 5]);
    expect(bootstrapInterval(values, { seed: 7 })).toEqual(bootstrapInterval(values, { seed: 7 }));
  });
});
