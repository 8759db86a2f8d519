import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { filterRatings, leaveLastOut, randomSplit, ratingMatrix, temporalSplit } from "../src/index.ts";
import { ratingsOf, rowsOf } from "./support.ts";

const ratingLists = fc
  .uniqueArray(fc.tuple(fc.nat(5), fc.nat(7), fc.integer({ min: 1, max: 10 }), fc.nat(4)), {
    selector: ([user, film]) => user * 8 + film,
    minLength: 1,
  })
  .map((rows) =>
    ratingsOf(
      6,
      8,
      rows.map(([user, film, halves, time]) => [user, film, halves / 2, time]),
    ),
  );

const sortedRows = (rows: number[][]): string[] => rows.map((row) => row.join()).sort();

describe("splits", () => {
  test("every rating is in exactly one part", () => {
    fc.assert(
      fc.property(
        ratingLists,
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        fc.nat(),
        (ratings, fraction, seed) => {
          const splits = [
            randomSplit(ratings, { fraction, seed }),
            temporalSplit(ratings, { fraction }),
            leaveLastOut(ratings),
          ];
          for (const { train, heldOut } of splits) {
            expect(sortedRows([...rowsOf(train), ...rowsOf(heldOut)])).toEqual(sortedRows(rowsOf(ratings)));
          }
          const wanted = Math.round(fraction * ratings.user.length);
          expect(splits[0]!.heldOut.user.length).toBe(wanted);
          expect(splits[1]!.heldOut.user.length).toBe(wanted);
        },
      ),
    );
  });

  test("a random split depends on its seed and on nothing else", () => {
    const ratings = ratingsOf(
      10,
      10,
      Array.from({ length: 100 }, (_, at) => [Math.floor(at / 10), at % 10, 4, at]),
    );
    const heldOf = (seed: number): number[][] => rowsOf(randomSplit(ratings, { fraction: 0.2, seed }).heldOut);
    expect(heldOf(1)).toEqual(heldOf(1));
    expect(heldOf(1)).not.toEqual(heldOf(2));
  });

  test("a temporal split holds out the latest ratings of all", () => {
    fc.assert(
      fc.property(ratingLists, (ratings) => {
        const { train, heldOut } = temporalSplit(ratings, { fraction: 0.4 });
        expect(Math.max(-1, ...train.time)).toBeLessThanOrEqual(Math.min(Infinity, ...heldOut.time));
      }),
    );
  });

  test("leave last out: the latest film, at a tie the greater row; who has one rating keeps it", () => {
    const ratings = ratingsOf(4, 5, [
      [0, 0, 4, 30],
      [0, 1, 4, 10],
      [1, 3, 2, 20],
      [1, 2, 5, 20],
      [1, 4, 5, 19],
      [2, 0, 5, 1],
    ]);
    const { train, heldOut } = leaveLastOut(ratings);
    expect(rowsOf(heldOut).map(([user, film]) => [user, film])).toEqual([
      [0, 0],
      [1, 3],
    ]);
    expect(train.user.length).toBe(4);
    const two = leaveLastOut(ratings, { count: 2 });
    expect(rowsOf(two.heldOut).map(([user, film]) => [user, film])).toEqual([
      [1, 3],
      [1, 2],
    ]);
  });

  test("what cannot be split is refused", () => {
    for (const fraction of [0, 1, NaN]) {
      expect(() => randomSplit(ratingsOf(1, 1, []), { fraction, seed: 1 })).toThrow(RangeError);
    }
  });
});

test("filters and matrices keep users and films in their rows", () => {
  const ratings = ratingsOf(2, 3, [
    [1, 2, 5, 1],
    [0, 1, 3, 2],
    [1, 0, 1, 3],
  ]);
  expect(rowsOf(filterRatings(ratings, (stars) => stars >= 3))).toEqual([
    [1, 2, 5, 1],
    [0, 1, 3, 2],
  ]);
  const matrix = ratingMatrix(ratings, (stars) => stars - 3);
  expect([matrix.rows, matrix.columns, [...matrix.indptr], [...matrix.indices], [...matrix.values]]).toEqual([
    2,
    3,
    [0, 0, 2],
    [0, 2],
    [-2, 2],
  ]);
});
