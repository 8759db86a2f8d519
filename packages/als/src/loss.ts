import type { AlsModel, CsrMatrix } from "./api.ts";
import { transpose } from "./csr.ts";
import { dot, gram } from "./dense.ts";
import { ridgeOf } from "./options.ts";

/**
 * The objective: sum over entries of |v| (t - w.h)^2, with t = 1 for v > 0 and 0 for v < 0, plus alpha0 * sum over all pairs of
 * (w.h)^2, plus the ridge of every row and column (Rendle et al. 2022, with v = 1 and no disliked pairs).
 */
export function alsLoss(matrix: CsrMatrix, model: AlsModel): number {
  const { factors: f, options, userFactors, itemFactors } = model;
  let observed = 0;
  for (let row = 0; row < matrix.rows; row++) {
    for (let at = matrix.indptr[row]!; at < matrix.indptr[row + 1]!; at++) {
      const value = matrix.values[at]!;
      const error = (value > 0 ? 1 : 0) - dot(userFactors, row * f, itemFactors, matrix.indices[at]! * f, f);
      observed += Math.abs(value) * error * error;
    }
  }
  const userGram = gram(userFactors, matrix.rows, f);
  const itemGram = gram(itemFactors, matrix.columns, f);
  const everywhere = options.unobservedWeight * dot(userGram, 0, itemGram, 0, f * f);
  return observed + everywhere + ridge(matrix, userFactors, model) + ridge(transpose(matrix), itemFactors, model);
}

function ridge(matrix: CsrMatrix, vectors: Float32Array, model: AlsModel): number {
  const f = model.factors;
  let sum = 0;
  for (let row = 0; row < matrix.rows; row++) {
    const weight = ridgeOf(model.options, matrix.indptr[row + 1]! - matrix.indptr[row]!, matrix.columns);
    sum += weight * dot(vectors, row * f, vectors, row * f, f);
  }
  return sum;
}
