import type { AlsOptions } from "./api.ts";
import { rowSolver } from "./row_solver.ts";

export interface FoldInInput {
  /** Row-major film vectors. */
  readonly itemFactors: Float32Array;
  /** `gram(itemFactors, films, factors)`, computed once per model. */
  readonly gram: Float64Array;
  readonly factors: number;
  /** Rising film rows, and the preferences beside them (see CsrMatrix). */
  readonly indices: Int32Array;
  readonly values: Float32Array;
  readonly options: AlsOptions;
}

/**
 * The vector of one user with the film vectors fixed, in closed form: what training's exact half step gives for this row, whichever
 * solver trained. Zero without a liked film. Throws RangeError for lengths that do not fit or indices out of range.
 */
export function foldIn(input: FoldInInput): Float32Array {
  const { itemFactors, gram, factors, indices, values } = input;
  const count = itemFactors.length / factors;
  if (!Number.isInteger(count) || gram.length !== factors * factors || indices.length !== values.length) {
    throw new RangeError("Fold-in: lengths of factors, gram, indices and values do not fit");
  }
  for (const index of indices) {
    if (index < 0 || index >= count) throw new RangeError(`Fold-in: film row ${index} is not in [0, ${count})`);
  }
  const options: AlsOptions = { ...input.options, factors, solver: "cholesky" };
  const vector = new Float32Array(factors);
  rowSolver(options, { vectors: itemFactors, gram, count })(
    { indices, values, from: 0, to: indices.length },
    vector,
    0,
  );
  return vector;
}
