import type { AlsOptions } from "./api.ts";
import { addOuterProducts, dot, dots, RANK, solveCholesky } from "./dense.ts";
import { ridgeOf } from "./options.ts";

/** One side of the model held fixed while rows of the other are solved. `gram` is H^T H of its `count` vectors. */
export interface FixedSide {
  readonly vectors: Float32Array;
  readonly gram: Float64Array;
  readonly count: number;
}

/** Sparse entries [from, to) of one row. */
interface RowEntries {
  readonly indices: Int32Array;
  readonly values: Float32Array;
  readonly from: number;
  readonly to: number;
}

/** Overwrites `factors` numbers of `target` from `at` with the row's new vector; "cg" starts from what is there. */
export type RowSolver = (row: RowEntries, target: Float32Array, at: number) => void;

/**
 * Minimises a row's share of the objective, sum |v| (t - w.h)^2 + alpha0 * w^T G w + ridge |w|^2 with t = 1 for v > 0 and 0 for
 * v < 0, over the row's vector w: (sum |v| h h^T + alpha0 * G + ridge * I) w = sum over v > 0 of v h. A row without liked entries
 * is the zero vector. The solver owns scratch memory: one per concurrent user.
 */
export function rowSolver(options: AlsOptions, fixed: FixedSide): RowSolver {
  const f = options.factors;
  const solve = options.solver === "cg" ? conjugateGradient(options, fixed) : exact(options, fixed);
  const system: RowSystem = {
    rows: new Float64Array(0),
    weights: new Float64Array(0),
    padded: 0,
    ridge: 0,
    right: new Float64Array(f),
    scale: new Float64Array(RANK),
  };
  return (row, target, at) => {
    if (!gather(system, options, fixed, row)) {
      target.fill(0, at, at + f);
      return;
    }
    solve(system, target, at);
  };
}

interface RowSystem {
  /** The fixed vectors of the row's entries in one piece, padded with zero rows to a multiple of RANK. */
  rows: Float64Array;
  weights: Float64Array;
  padded: number;
  ridge: number;
  readonly right: Float64Array;
  /** Scratch of RANK numbers. */
  readonly scale: Float64Array;
}

function gather(system: RowSystem, options: AlsOptions, fixed: FixedSide, row: RowEntries): boolean {
  const f = options.factors;
  const count = row.to - row.from;
  system.padded = Math.ceil(count / RANK) * RANK;
  if (system.weights.length < system.padded) {
    const capacity = Math.max(64, 2 ** Math.ceil(Math.log2(system.padded)));
    system.rows = new Float64Array(capacity * f);
    system.weights = new Float64Array(capacity);
  }
  const { rows, weights, right } = system;
  right.fill(0);
  let liked = false;
  for (let entry = 0; entry < count; entry++) {
    const value = row.values[row.from + entry]!;
    const from = row.indices[row.from + entry]! * f;
    const line = entry * f;
    for (let i = 0; i < f; i++) rows[line + i] = fixed.vectors[from + i]!;
    weights[entry] = Math.abs(value);
    if (value <= 0) continue;
    liked = true;
    for (let i = 0; i < f; i++) right[i]! += value * rows[line + i]!;
  }
  rows.fill(0, count * f, system.padded * f);
  weights.fill(0, count, system.padded);
  system.ridge = ridgeOf(options, count, fixed.count);
  return liked;
}

function exact(options: AlsOptions, fixed: FixedSide): (system: RowSystem, target: Float32Array, at: number) => void {
  const f = options.factors;
  const base = fixed.gram.map((value) => value * options.unobservedWeight);
  const matrix = new Float64Array(f * f);
  return (system, target, at) => {
    matrix.set(base);
    for (let i = 0; i < f; i++) matrix[i * f + i]! += system.ridge;
    for (let row = 0; row < system.padded; row += RANK) {
      addOuterProducts(matrix, system.rows, row * f, system.weights, row, f);
    }
    solveCholesky(matrix, system.right, f);
    target.set(system.right, at);
  };
}

/** Conjugate gradient from the previous vector (Takacs, Pilaszy, Tikk 2011); the matrix of a row is never formed. */
function conjugateGradient(
  options: AlsOptions,
  fixed: FixedSide,
): (system: RowSystem, target: Float32Array, at: number) => void {
  const f = options.factors;
  const base = fixed.gram.map((value) => value * options.unobservedWeight);
  const solution = new Float64Array(f);
  const residual = new Float64Array(f);
  const direction = new Float64Array(f);
  const image = new Float64Array(f);
  return (system, target, at) => {
    solution.set(target.subarray(at, at + f));
    multiply(base, system, solution, image, f);
    for (let i = 0; i < f; i++) residual[i] = system.right[i]! - image[i]!;
    direction.set(residual);
    let squared = dot(residual, 0, residual, 0, f);
    for (let step = 0; step < options.cgSteps && squared > 1e-20; step++) {
      multiply(base, system, direction, image, f);
      const length = squared / dot(direction, 0, image, 0, f);
      for (let i = 0; i < f; i++) {
        solution[i]! += length * direction[i]!;
        residual[i]! -= length * image[i]!;
      }
      const next = dot(residual, 0, residual, 0, f);
      const ratio = next / squared;
      squared = next;
      for (let i = 0; i < f; i++) direction[i] = residual[i]! + ratio * direction[i]!;
    }
    target.set(solution, at);
  };
}

/** image = (base + ridge * I + sum weight h h^T) vector. */
function multiply(base: Float64Array, system: RowSystem, vector: Float64Array, image: Float64Array, f: number): void {
  const { rows, weights, padded, ridge, scale } = system;
  const whole = f - (f % RANK);
  for (let i = 0; i < whole; i += RANK) dots(base, i * f, vector, image, i, f);
  for (let i = whole; i < f; i++) image[i] = dot(base, i * f, vector, 0, f);
  for (let i = 0; i < f; i++) image[i]! += ridge * vector[i]!;
  for (let row = 0; row < padded; row += RANK) {
    const at0 = row * f;
    const at1 = at0 + f;
    const at2 = at1 + f;
    const at3 = at2 + f;
    dots(rows, at0, vector, scale, 0, f);
    const scale0 = weights[row]! * scale[0]!;
    const scale1 = weights[row + 1]! * scale[1]!;
    const scale2 = weights[row + 2]! * scale[2]!;
    const scale3 = weights[row + 3]! * scale[3]!;
    for (let i = 0; i < f; i++) {
      image[i]! +=
        scale0 * rows[at0 + i]! + scale1 * rows[at1 + i]! + (scale2 * rows[at2 + i]! + scale3 * rows[at3 + i]!);
    }
  }
}
