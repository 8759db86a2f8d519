import * as fc from "fast-check";
import { type AlsOptions, buildCsr, type CsrMatrix, seededUniform } from "../src/index.ts";

/** A matrix of up to rows x columns with liked and disliked pairs; some rows and columns may be empty. */
export const matrices: fc.Arbitrary<CsrMatrix> = fc
  .record({
    rows: fc.integer({ min: 1, max: 12 }),
    columns: fc.integer({ min: 1, max: 15 }),
    density: fc.double({ min: 0, max: 0.8, noNaN: true }),
    seed: fc.nat(),
  })
  .map(({ rows, columns, density, seed }) => randomMatrix(rows, columns, density, seed));

export function randomMatrix(rows: number, columns: number, density: number, seed: number): CsrMatrix {
  const uniform = seededUniform(seed);
  const triplets: [number, number, number][] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (uniform() < density) triplets.push([row, column, uniform() < 0.75 ? 0.2 + uniform() * 3 : -0.2 - uniform()]);
    }
  }
  const [rowIndex, columnIndex, values] = [0, 1, 2].map((at) => triplets.map((triplet) => triplet[at]!));
  return buildCsr(rows, columns, rowIndex!, columnIndex!, values!);
}

export const optionsOf = (changes: Partial<AlsOptions> = {}): AlsOptions => ({
  factors: 5,
  iterations: 4,
  regularization: 0.01,
  unobservedWeight: 0.1,
  frequencyExponent: 1,
  seed: 1,
  solver: "cholesky",
  cgSteps: 3,
  ...changes,
});

export function randomFactors(rows: number, factors: number, seed: number): Float32Array {
  const uniform = seededUniform(seed);
  return Float32Array.from({ length: rows * factors }, () => uniform() - 0.5);
}

export function rowOf(matrix: CsrMatrix, row: number): { indices: Int32Array; values: Float32Array } {
  const [from, to] = [matrix.indptr[row]!, matrix.indptr[row + 1]!];
  return { indices: matrix.indices.slice(from, to), values: matrix.values.slice(from, to) };
}
