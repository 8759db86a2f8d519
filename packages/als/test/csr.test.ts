import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildCsr, checkCsr, transpose } from "../src/index.ts";
import { matrices } from "./support.ts";

describe("sparse rows", () => {
  test("triplets in any order give rows with rising columns", () => {
    const matrix = buildCsr(3, 4, [2, 0, 2, 0], [1, 3, 0, 2], [1, 2, 3, 4]);
    expect([...matrix.indptr]).toEqual([0, 2, 2, 4]);
    expect([...matrix.indices]).toEqual([2, 3, 0, 1]);
    expect([...matrix.values]).toEqual([4, 2, 3, 1]);
  });

  test("transposing twice gives the matrix back, and both are valid", () => {
    fc.assert(
      fc.property(matrices, (matrix) => {
        const turned = checkCsr(transpose(matrix));
        expect([turned.rows, turned.columns]).toEqual([matrix.columns, matrix.rows]);
        expect(checkCsr(transpose(turned))).toEqual(matrix);
      }),
    );
  });

  test("what does not fit is refused", () => {
    expect(() => buildCsr(2, 2, [0, 0], [1, 1], [1, 1])).toThrow("Row 0, column 1 occurs more than once");
    expect(() => buildCsr(2, 2, [2], [0], [1])).toThrow("row 2 is not in [0, 2)");
    expect(() => buildCsr(2, 2, [0], [-1], [1])).toThrow("column -1");
    expect(() => buildCsr(2, 2, [0], [0.5], [1])).toThrow("column 0.5");
    expect(() => buildCsr(2, 2, [0], [0], [Infinity])).toThrow("not finite");
    expect(() => buildCsr(2, 2, [0], [0], [])).toThrow("differ in length");
    expect(() => buildCsr(-1, 2, [], [], [])).toThrow("rows");
    const good = buildCsr(2, 2, [0, 1], [0, 1], [1, 1]);
    expect(() => checkCsr({ ...good, indptr: Int32Array.of(0, 3, 2) })).toThrow(RangeError);
    expect(() => checkCsr({ ...good, indptr: Int32Array.of(0, 2) })).toThrow(RangeError);
    expect(() => checkCsr({ ...good, indices: Int32Array.of(0, 2) })).toThrow(RangeError);
    expect(() => checkCsr({ ...good, indptr: Int32Array.of(0, 2, 2), indices: Int32Array.of(1, 0) })).toThrow(
      RangeError,
    );
  });
});
