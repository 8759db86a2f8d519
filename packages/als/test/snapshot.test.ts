import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeSnapshot, encodeSnapshot, type ServingSnapshot, SnapshotError } from "../src/index.ts";
import { matrices, optionsOf, randomFactors, randomMatrix } from "./support.ts";

const risingIds = (count: number): Float64Array => Float64Array.from({ length: count }, (_, at) => at * 7 + 2 ** 40);

function snapshotOf(ratings: ServingSnapshot["ratings"], seed: number): ServingSnapshot {
  return {
    modelVersion: `als-${seed}-ä`,
    options: optionsOf({ regularization: 0.1 + seed }),
    userIds: risingIds(ratings.rows),
    userFactors: randomFactors(ratings.rows, 5, seed),
    movieIds: risingIds(ratings.columns),
    itemFactors: randomFactors(ratings.columns, 5, seed + 1),
    ratings,
    ratingTimes: Float64Array.from(ratings.values, (_, at) => 1.5e9 + at),
    nextOffsets: { "events_ratings/0": seed, "events_ratings/1": 2 ** 45 },
  };
}

const small = encodeSnapshot(snapshotOf(randomMatrix(3, 4, 0.5, 1), 1));

describe("snapshot", () => {
  test("decoding is the inverse of encoding, wherever the bytes lie in memory", () => {
    fc.assert(
      fc.property(matrices, fc.nat(), fc.integer({ min: 0, max: 9 }), (ratings, seed, shift) => {
        const snapshot = snapshotOf(ratings, seed);
        const bytes = encodeSnapshot(snapshot);
        const moved = new Uint8Array(bytes.length + shift);
        moved.set(bytes, shift);
        expect(decodeSnapshot(moved.subarray(shift))).toEqual(snapshot);
      }),
    );
  });

  test("arrays are read in place when the bytes are aligned", () => {
    expect(decodeSnapshot(small).itemFactors.buffer).toBe(small.buffer);
  });

  test("the format on disk stays: magic, version, little-endian length", () => {
    expect(new TextDecoder().decode(small.subarray(0, 8))).toBe("CLALSNAP");
    const view = new DataView(small.buffer);
    expect(view.getUint32(8, true)).toBe(1);
    expect(view.getFloat64(16, true)).toBe(small.length);
  });

  test("every truncation is refused", () => {
    for (let length = 0; length < small.length; length++) {
      expect(() => decodeSnapshot(small.slice(0, length))).toThrow(SnapshotError);
    }
    const longer = new Uint8Array(small.length + 1);
    longer.set(small);
    expect(() => decodeSnapshot(longer)).toThrow(SnapshotError);
  });

  test("every flipped bit is refused", () => {
    for (let bit = 0; bit < small.length * 8; bit++) {
      const damaged = small.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => decodeSnapshot(damaged)).toThrow(SnapshotError);
    }
  });

  test("arrays that do not fit each other are not written", () => {
    const snapshot = snapshotOf(randomMatrix(3, 4, 0.5, 1), 1);
    expect(() => encodeSnapshot({ ...snapshot, userIds: risingIds(4) })).toThrow("user factors");
    expect(() => encodeSnapshot({ ...snapshot, movieIds: snapshot.movieIds.toReversed() })).toThrow(
      "film ids do not rise",
    );
    expect(() => encodeSnapshot({ ...snapshot, ratingTimes: new Float64Array(0) })).toThrow("rating times");
  });
});
