import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dot, prepareTopK, similarItems, topK } from "../src/index.ts";
import { randomFactors } from "./support.ts";

const cases = fc.record({
  films: fc.integer({ min: 0, max: 60 }),
  factors: fc.integer({ min: 1, max: 9 }),
  k: fc.integer({ min: 0, max: 70 }),
  seed: fc.nat(),
  /** Coarse vectors bring ties. */
  coarse: fc.boolean(),
  excluded: fc.uniqueArray(fc.integer({ min: 0, max: 59 })),
  allowed: fc.option(fc.uniqueArray(fc.integer({ min: 0, max: 59 }), { minLength: 1 }), { nil: undefined }),
  bitmaps: fc.boolean(),
});

const filmSet = (rows: readonly number[], films: number, bitmap: boolean): Int32Array | Uint8Array => {
  const inside = rows.filter((row) => row < films).sort((a, b) => a - b);
  if (!bitmap) return Int32Array.from(inside);
  const bytes = new Uint8Array(films);
  for (const row of inside) bytes[row] = 1;
  return bytes;
};

const made = (rows: number, factors: number, seed: number, coarse: boolean): Float32Array => {
  const vectors = randomFactors(rows, factors, seed);
  return coarse ? vectors.map((value) => Math.round(value * 2)) : vectors;
};

describe("topK", () => {
  test("equals brute force, with ties, exclusions and filters", () => {
    fc.assert(
      fc.property(cases, ({ films, factors, k, seed, coarse, excluded, allowed, bitmaps }) => {
        const itemFactors = made(films, factors, seed, coarse);
        const query = made(1, factors, seed + 1, coarse);
        const expected = Array.from({ length: films }, (_, row) => row)
          .filter((row) => !excluded.includes(row) && (!allowed || allowed.includes(row)))
          .map((row) => ({ row, score: dot(itemFactors, row * factors, query, 0, factors) }))
          .sort((a, b) => b.score - a.score || a.row - b.row)
          .slice(0, k);
        const found = topK({
          index: prepareTopK(itemFactors, factors),
          query,
          k,
          exclude: filmSet(excluded, films, bitmaps),
          ...(allowed && { allowed: filmSet(allowed, films, bitmaps) }),
        });
        expect([...found.indices]).toEqual(expected.map(({ row }) => row));
        expect([...found.scores]).toEqual(expected.map(({ score }) => Math.fround(score)));
      }),
      { numRuns: 500 },
    );
  });

  test("wrong shapes are refused", () => {
    const index = prepareTopK(new Float32Array(6), 3);
    expect(() => topK({ index, query: new Float32Array(2), k: 1 })).toThrow("Query has 2 numbers");
    expect(() => topK({ index, query: new Float32Array(3), k: -1 })).toThrow("k must be");
    expect(() => prepareTopK(new Float32Array(7), 3)).toThrow("multiple");
    expect(() => similarItems({ index, item: 2, k: 1 })).toThrow("Film row 2");
  });
});

describe("similarItems", () => {
  test("orders by cosine whatever the norms, without the film itself and without unknown films", () => {
    const vectors = Float32Array.from([1, 0, 10, 1, 0.1, 0.1, 0, 5, 0, 0, -3, 0]);
    const index = prepareTopK(vectors, 2);
    const found = similarItems({ index, item: 0, k: 10 });
    expect([...found.indices]).toEqual([1, 2, 3, 5]);
    expect([...found.scores].map((score) => Number(score.toFixed(2)))).toEqual([1, 0.71, 0, -1]);
    expect([...similarItems({ index, item: 4, k: 10 }).indices]).toEqual([]);
    expect([...similarItems({ index, item: 0, k: 2, exclude: Int32Array.of(1) }).indices]).toEqual([2, 3]);
  });

  test("equals brute force", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 45 }), fc.nat(), (films, k, seed) => {
        const vectors = randomFactors(films, 4, seed);
        const cosine = (row: number): number =>
          dot(vectors, row * 4, vectors, 0, 4) /
          (Math.sqrt(dot(vectors, row * 4, vectors, row * 4, 4)) * Math.sqrt(dot(vectors, 0, vectors, 0, 4)));
        const expected = Array.from({ length: films - 1 }, (_, at) => at + 1).sort(
          (a, b) => cosine(b) - cosine(a) || a - b,
        );
        const found = similarItems({ index: prepareTopK(vectors, 4), item: 0, k });
        expect([...found.indices]).toEqual(expected.slice(0, k));
      }),
    );
  });
});
