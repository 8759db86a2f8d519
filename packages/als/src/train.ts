import { setImmediate } from "node:timers/promises";
import type { AlsHooks, AlsModel, AlsOptions, CsrMatrix } from "./api.ts";
import { checkCsr, transpose } from "./csr.ts";
import { gram } from "./dense.ts";
import { alsLoss } from "./loss.ts";
import { checkAlsOptions } from "./options.ts";
import { seededUniform } from "./random.ts";
import { rowSolver } from "./row_solver.ts";

/** Longest time, in milliseconds, that training holds the event loop (one row aside). */
const SLICE_MS = 8;

/**
 * Trains iALS on users x films. Each iteration solves the films, then the users, so that with the exact solver every user's
 * vector is `foldIn` of the user's own row. Equal matrix and options give equal bytes. Gives way to the event loop every few
 * milliseconds. Rejects with the signal's reason when aborted, with RangeError for options or a matrix out of range.
 */
export async function trainAls(matrix: CsrMatrix, options: AlsOptions, hooks: AlsHooks = {}): Promise<AlsModel> {
  checkAlsOptions(options);
  checkCsr(matrix);
  hooks.signal?.throwIfAborted();
  const films = transpose(matrix);
  const uniform = seededUniform(options.seed);
  const userFactors = initialFactors(matrix.rows, options.factors, uniform);
  const itemFactors = initialFactors(matrix.columns, options.factors, uniform);
  const model: AlsModel = { factors: options.factors, userFactors, itemFactors, options };
  for (let iteration = 1; iteration <= options.iterations; iteration++) {
    await halfStep(films, userFactors, itemFactors, options, hooks.signal);
    await halfStep(matrix, itemFactors, userFactors, options, hooks.signal);
    const progress = { iteration, iterations: options.iterations };
    hooks.onProgress?.(hooks.computeLoss ? { ...progress, loss: alsLoss(matrix, model) } : progress);
  }
  return model;
}

/** Solves every row of `matrix` in place with the vectors of its columns fixed. */
async function halfStep(
  matrix: CsrMatrix,
  fixedVectors: Float32Array,
  target: Float32Array,
  options: AlsOptions,
  signal: AbortSignal | undefined,
): Promise<void> {
  const f = options.factors;
  const fixed = { vectors: fixedVectors, gram: gram(fixedVectors, matrix.columns, f), count: matrix.columns };
  const solve = rowSolver(options, fixed);
  let sliceEnd = performance.now() + SLICE_MS;
  for (let row = 0; row < matrix.rows; row++) {
    const entries = {
      indices: matrix.indices,
      values: matrix.values,
      from: matrix.indptr[row]!,
      to: matrix.indptr[row + 1]!,
    };
    solve(entries, target, row * f);
    if (performance.now() < sliceEnd) continue;
    await setImmediate();
    signal?.throwIfAborted();
    sliceEnd = performance.now() + SLICE_MS;
  }
}

/** Bell-shaped around 0 with standard deviation 0.1 / sqrt(factors): sums of four uniforms, so no platform's logarithm matters. */
function initialFactors(rows: number, factors: number, uniform: () => number): Float32Array {
  const scale = (0.1 / Math.sqrt(factors)) * Math.sqrt(3);
  return Float32Array.from(
    { length: rows * factors },
    () => (uniform() + uniform() + uniform() + uniform() - 2) * scale,
  );
}
