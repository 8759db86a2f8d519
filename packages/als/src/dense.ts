/** Dot product of `length` numbers of two arrays from the given offsets, accumulated in double precision. */
export function dot(
  left: Float32Array | Float64Array,
  leftAt: number,
  right: Float32Array | Float64Array,
  rightAt: number,
  length: number,
): number {
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  const whole = length & ~3;
  let at = 0;
  for (; at < whole; at += 4) {
    sum0 += left[leftAt + at]! * right[rightAt + at]!;
    sum1 += left[leftAt + at + 1]! * right[rightAt + at + 1]!;
    sum2 += left[leftAt + at + 2]! * right[rightAt + at + 2]!;
    sum3 += left[leftAt + at + 3]! * right[rightAt + at + 3]!;
  }
  for (; at < length; at++) sum0 += left[leftAt + at]! * right[rightAt + at]!;
  return sum0 + sum1 + (sum2 + sum3);
}

/**
 * H^T H of the n x f row-major matrix H: f x f, symmetric, row-major, in double precision. Throws RangeError if `factors` is
 * shorter than n * f.
 */
export function gram(factors: Float32Array, n: number, f: number): Float64Array {
  if (factors.length < n * f) throw new RangeError(`Gram of ${n} x ${f}: the array has only ${factors.length} numbers`);
  const result = new Float64Array(f * f);
  const block = new Float64Array(RANK * f);
  const ones = new Float64Array(RANK).fill(1);
  for (let row = 0; row < n; row += RANK) {
    const rows = Math.min(RANK, n - row);
    block.set(factors.subarray(row * f, (row + rows) * f));
    block.fill(0, rows * f);
    addOuterProducts(result, block, 0, ones, 0, f);
  }
  for (let i = 0; i < f; i++) for (let j = 0; j < i; j++) result[j * f + i] = result[i * f + j]!;
  return result;
}

/** Rows that `dots` and `addOuterProducts` take at a time. */
export const RANK = 4;

/** Dot products of RANK consecutive rows of `rows` with the vector, into `target` from `at`: one load of the vector for all. */
export function dots(
  rows: Float64Array,
  rowsAt: number,
  vector: Float64Array,
  target: Float64Array,
  at: number,
  f: number,
): void {
  const at1 = rowsAt + f;
  const at2 = at1 + f;
  const at3 = at2 + f;
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  for (let i = 0; i < f; i++) {
    const value = vector[i]!;
    sum0 += rows[rowsAt + i]! * value;
    sum1 += rows[at1 + i]! * value;
    sum2 += rows[at2 + i]! * value;
    sum3 += rows[at3 + i]! * value;
  }
  target[at] = sum0;
  target[at + 1] = sum1;
  target[at + 2] = sum2;
  target[at + 3] = sum3;
}

/** Adds sum of weight[r] * h_r h_r^T over RANK consecutive rows of `rows` to the lower triangle of the f x f `target`. */
export function addOuterProducts(
  target: Float64Array,
  rows: Float64Array,
  rowsAt: number,
  weights: Float64Array,
  weightsAt: number,
  f: number,
): void {
  const at0 = rowsAt;
  const at1 = rowsAt + f;
  const at2 = rowsAt + 2 * f;
  const at3 = rowsAt + 3 * f;
  const weight0 = weights[weightsAt]!;
  const weight1 = weights[weightsAt + 1]!;
  const weight2 = weights[weightsAt + 2]!;
  const weight3 = weights[weightsAt + 3]!;
  for (let i = 0; i < f; i++) {
    const scale0 = weight0 * rows[at0 + i]!;
    const scale1 = weight1 * rows[at1 + i]!;
    const scale2 = weight2 * rows[at2 + i]!;
    const scale3 = weight3 * rows[at3 + i]!;
    const line = i * f;
    for (let j = 0; j <= i; j++) {
      target[line + j]! +=
        scale0 * rows[at0 + j]! + scale1 * rows[at1 + j]! + (scale2 * rows[at2 + j]! + scale3 * rows[at3 + j]!);
    }
  }
}

/**
 * Solves A x = b for a symmetric positive definite A, of which only the lower triangle is read; A is overwritten with its
 * Cholesky factor, b with x. Throws RangeError if a pivot is not positive.
 */
export function solveCholesky(a: Float64Array, b: Float64Array, f: number): void {
  for (let i = 0; i < f; i++) {
    const line = i * f;
    for (let j = 0; j < i; j++) a[line + j] = (a[line + j]! - dot(a, line, a, j * f, j)) / a[j * f + j]!;
    const pivot = a[line + i]! - dot(a, line, a, line, i);
    if (!(pivot > 0))
      throw new RangeError(`Row system is not positive definite (pivot ${pivot}): raise the regularization`);
    a[line + i] = Math.sqrt(pivot);
    b[i] = (b[i]! - dot(a, line, b, 0, i)) / a[line + i]!;
  }
  for (let i = f - 1; i >= 0; i--) {
    const value = b[i]! / a[i * f + i]!;
    b[i] = value;
    for (let j = 0; j < i; j++) b[j]! -= value * a[i * f + j]!;
  }
}
