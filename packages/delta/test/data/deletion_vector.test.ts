import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deletedRuns, vectorBytes, vectorPlace } from "../../src/data/deletion_vector.ts";
import { BitmapError, rowRuns } from "../../src/data/roaring.ts";
import { decodeZ85 } from "../../src/data/z85.ts";
import { encodeRows, encodeZ85, inlineVector, vectorFile } from "../support/deletion_vectors.ts";

function rowsOf(bytes: Uint8Array): number[] {
  return Array.from(rowRuns(bytes)).flatMap(({ first, last }) =>
    Array.from({ length: last - first + 1 }, (_, step) => first + step),
  );
}

const corrupt = { code: "delta_corrupt" };

test("known_vectors: one that Spark wrote inline, and the file name of PROTOCOL.md", () => {
  const vector = {
    storageType: "i",
    pathOrInlineDv: "^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L",
    sizeInBytes: 44,
    cardinality: 6,
  };
  const place = vectorPlace(vector) as { bytes: Uint8Array };
  expect(Array.from(deletedRuns(vector, place.bytes))).toEqual(
    [
      [3, 4],
      [7, 7],
      [11, 11],
      [18, 18],
      [29, 29],
    ].map(([first, last]) => ({ first, last })),
  );
  expect(
    vectorPlace({ storageType: "u", pathOrInlineDv: "ab^-aqEH.-t@S}K{vb[*k^", offset: 4, sizeInBytes: 40 }),
  ).toEqual({ kind: "file", uri: "ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin", start: 4, size: 40 });
  expect(vectorPlace({ storageType: "p", pathOrInlineDv: "s3://b/v.bin", sizeInBytes: 40 })).toEqual({
    kind: "file",
    uri: "s3://b/v.bin",
    start: 1,
    size: 40,
  });
});

test("rows_survive: containers of all kinds, beyond 2^32 as well", () => {
  const key = fc.constantFrom(0, 1, 2, 5, 65535);
  const block = fc.record({
    high: fc.constantFrom(0, 1, 7),
    key,
    kind: fc.constantFrom("array" as const, "bitmap" as const, "run" as const),
    runs: fc.array(fc.tuple(fc.integer({ min: 0, max: 65535 }), fc.integer({ min: 1, max: 6000 })), {
      minLength: 1,
      maxLength: 4,
    }),
  });
  fc.assert(
    fc.property(fc.array(block, { maxLength: 6 }), (blocks) => {
      const rows = new Set<number>();
      const kinds = new Map<number, "array" | "bitmap" | "run">(blocks.map((one) => [one.key, one.kind]));
      for (const one of blocks) {
        for (const [start, count] of one.runs) {
          for (let low = start; low < Math.min(65536, start + count); low++)
            rows.add(one.high * 2 ** 32 + one.key * 65536 + low);
        }
      }
      const sorted = Array.from(rows).sort((a, b) => a - b);
      expect(rowsOf(encodeRows(sorted, (which) => kinds.get(which)!))).toEqual(sorted);
    }),
    { numRuns: 40 },
  );
});

test("no_bytes_crash_the_decoder: a changed or cut vector is refused or read, never anything else", () => {
  const bytes = encodeRows([1, 2, 3, 70000, 70001, 2 ** 32 + 5], (key) => (key === 1 ? "run" : "array"));
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }), fc.nat(bytes.length), (at, byte, end) => {
      const changed = bytes.slice(0, end);
      if (at < end) changed[at] = byte;
      try {
        rowsOf(changed);
      } catch (error) {
        expect(error).toBeInstanceOf(BitmapError);
      }
    }),
  );
  expect(() => rowsOf(bytes.slice(0, -1))).toThrow(BitmapError);
  expect(() => rowsOf(Uint8Array.from([...bytes, 0]))).toThrow(BitmapError);
});

test("z85_is_the_inverse_of_its_encoding, and refuses other text", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const whole = bytes.slice(0, bytes.length - (bytes.length % 4));
      expect(decodeZ85(encodeZ85(whole))).toEqual(whole);
    }),
  );
  expect(decodeZ85("Hello")).toBeDefined();
  for (const text of ["Hell", "Hel o", "####%", "~~~~~"]) expect(decodeZ85(text)).toBeUndefined();
});

describe("vectors_that_are_not_what_the_log_says_are_refused", () => {
  const vector = inlineVector([1, 5]);
  const bytes = encodeRows([1, 5]);
  const { bytes: file, places } = vectorFile([bytes]);
  const { offset, sizeInBytes } = places[0]!;
  const broken = (at: number): Uint8Array => file.map((byte, index) => (index === at ? byte ^ 1 : byte));
  test.each<[string, () => unknown]>([
    ["another cardinality", () => Array.from(deletedRuns({ ...vector, cardinality: 3 }, bytes))],
    ["another magic number", () => Array.from(deletedRuns(vector, broken(5).subarray(5)))],
    ["no size", () => vectorPlace({ storageType: "i", pathOrInlineDv: "" })],
    ["a size beyond the text", () => vectorPlace({ ...vector, sizeInBytes: 10_000 })],
    ["no Z85", () => vectorPlace({ ...vector, pathOrInlineDv: "\u00e9" })],
    ["an unknown storage type", () => vectorPlace({ ...vector, storageType: "x" })],
    ["a name that is no identifier", () => vectorPlace({ storageType: "u", pathOrInlineDv: "abc", sizeInBytes: 1 })],
    ["another version", () => vectorBytes(vector, broken(0), offset, sizeInBytes)],
    ["another size in the file", () => vectorBytes(vector, broken(4), offset, sizeInBytes)],
    ["a wrong checksum", () => vectorBytes(vector, broken(20), offset, sizeInBytes)],
    ["a file cut short", () => vectorBytes(vector, file.subarray(0, -1), offset, sizeInBytes)],
  ])("%s", (_name, work) => {
    expect(work).toThrow(expect.objectContaining(corrupt));
  });
  test("while_the_same_without_damage_is_read", () => {
    expect(vectorBytes(vector, file, offset, sizeInBytes)).toEqual(bytes);
  });
});
