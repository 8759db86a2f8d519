import type { CsrMatrix } from "./api.ts";

/**
 * Sparse rows from triplets in any order. The arrays have one length; indices lie in [0, rows) and [0, columns), values are
 * finite, and a (row, column) pair occurs once. A RangeError names the first triplet that breaks this.
 */
export function buildCsr(
  rows: number,
  columns: number,
  rowIndex: ArrayLike<number>,
  columnIndex: ArrayLike<number>,
  values: ArrayLike<number>,
): CsrMatrix {
  checkSize("rows", rows);
  checkSize("columns", columns);
  const count = values.length;
  if (rowIndex.length !== count || columnIndex.length !== count) {
    throw new RangeError(
      `Triplets differ in length: ${rowIndex.length} rows, ${columnIndex.length} columns, ${count} values`,
    );
  }
  for (let at = 0; at < count; at++) {
    checkIndex("row", rowIndex[at]!, rows, at);
    checkIndex("column", columnIndex[at]!, columns, at);
    if (!Number.isFinite(values[at]!)) throw new RangeError(`Triplet ${at}: value ${values[at]} is not finite`);
  }
  const byColumn = scatter(columns, rows, columnIndex, rowIndex, values);
  const matrix = transpose(byColumn);
  for (let row = 0; row < rows; row++) {
    for (let at = matrix.indptr[row]! + 1; at < matrix.indptr[row + 1]!; at++) {
      if (matrix.indices[at] === matrix.indices[at - 1]) {
        throw new RangeError(`Row ${row}, column ${matrix.indices[at]} occurs more than once`);
      }
    }
  }
  return matrix;
}

/** Columns as rows: entry (r, c) becomes (c, r); columns of the result rise within a row. */
export function transpose(matrix: CsrMatrix): CsrMatrix {
  const rowOf = new Int32Array(matrix.indices.length);
  for (let row = 0; row < matrix.rows; row++) rowOf.fill(row, matrix.indptr[row]!, matrix.indptr[row + 1]!);
  return scatter(matrix.columns, matrix.rows, matrix.indices, rowOf, matrix.values);
}

/** The matrix as it is, or a RangeError: `indptr` covers all entries without falling, columns rise within rows and are in range. */
export function checkCsr(matrix: CsrMatrix): CsrMatrix {
  const { rows, columns, indptr, indices, values } = matrix;
  checkSize("rows", rows);
  checkSize("columns", columns);
  if (
    indptr.length !== rows + 1 ||
    indptr[0] !== 0 ||
    indptr[rows] !== indices.length ||
    values.length !== indices.length
  ) {
    throw new RangeError(`Sparse matrix of ${rows} rows: lengths of indptr, indices and values do not fit`);
  }
  for (let row = 0; row < rows; row++) {
    if (indptr[row + 1]! < indptr[row]!) throw new RangeError(`Sparse matrix: indptr falls at row ${row}`);
  }
  for (let row = 0; row < rows; row++) {
    let previous = -1;
    for (let at = indptr[row]!; at < indptr[row + 1]!; at++) {
      const column = indices[at]!;
      if (column <= previous || column >= columns) {
        throw new RangeError(`Sparse matrix: column ${column} of row ${row} is out of order or out of range`);
      }
      if (!Number.isFinite(values[at]!)) throw new RangeError(`Sparse matrix: a value of row ${row} is not finite`);
      previous = column;
    }
  }
  return matrix;
}

/** Counting sort by row; entries of a row keep the order they come in. */
function scatter(
  rows: number,
  columns: number,
  rowIndex: ArrayLike<number>,
  columnIndex: ArrayLike<number>,
  values: ArrayLike<number>,
): CsrMatrix {
  const count = values.length;
  const indptr = new Int32Array(rows + 1);
  for (let at = 0; at < count; at++) indptr[rowIndex[at]! + 1]!++;
  for (let row = 0; row < rows; row++) indptr[row + 1]! += indptr[row]!;
  const next = indptr.slice(0, rows);
  const indices = new Int32Array(count);
  const sorted = new Float32Array(count);
  for (let at = 0; at < count; at++) {
    const place = next[rowIndex[at]!]!++;
    indices[place] = columnIndex[at]!;
    sorted[place] = values[at]!;
  }
  return { rows, columns, indptr, indices, values: sorted };
}

function checkSize(name: string, size: number): void {
  if (!Number.isInteger(size) || size < 0 || size > 0x7ffffffe) throw new RangeError(`Number of ${name} is ${size}`);
}

function checkIndex(name: string, index: number, bound: number, at: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= bound) {
    throw new RangeError(`Triplet ${at}: ${name} ${index} is not in [0, ${bound})`);
  }
}
