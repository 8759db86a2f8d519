import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { alsLoss, buildCsr, dot, foldIn, gram, prepareTopK, topK, trainAls } from "../src/index.ts";
import { matrices, optionsOf, randomMatrix, rowOf } from "./support.ts";

describe("trainAls", () => {
  test("the loss never rises with the exact solver", async () => {
    await fc.assert(
      fc.asyncProperty(matrices, fc.constantFrom(0, 0.5, 1), async (matrix, frequencyExponent) => {
        const losses: number[] = [];
        await trainAls(matrix, optionsOf({ iterations: 6, frequencyExponent }), {
          computeLoss: true,
          onProgress: ({ loss }) => losses.push(loss!),
        });
        losses.slice(1).forEach((loss, at) => expect(loss).toBeLessThanOrEqual(losses[at]! * (1 + 1e-5) + 1e-7));
      }),
      { numRuns: 60 },
    );
  });

  test("the loss is the objective written out over all pairs", async () => {
    const matrix = randomMatrix(7, 9, 0.4, 3);
    const options = optionsOf({ frequencyExponent: 0.7 });
    const model = await trainAls(matrix, options);
    const dense = new Map<number, number>();
    const rowCounts = Array.from({ length: 7 }, () => 0);
    const columnCounts = Array.from({ length: 9 }, () => 0);
    for (let row = 0; row < 7; row++) {
      rowOf(matrix, row).indices.forEach((column, at) => {
        dense.set(row * 9 + column, rowOf(matrix, row).values[at]!);
        rowCounts[row]!++;
        columnCounts[column]!++;
      });
    }
    const f = options.factors;
    let expected = 0;
    for (let row = 0; row < 7; row++) {
      for (let column = 0; column < 9; column++) {
        const score = dot(model.userFactors, row * f, model.itemFactors, column * f, f);
        const value = dense.get(row * 9 + column) ?? 0;
        expected += Math.abs(value) * ((value > 0 ? 1 : 0) - score) ** 2 + options.unobservedWeight * score ** 2;
      }
    }
    const square = (side: Float32Array, at: number): number => dot(side, at * f, side, at * f, f);
    rowCounts.forEach((count, row) => {
      expected += options.regularization * (count + 0.1 * 9) ** 0.7 * square(model.userFactors, row);
    });
    columnCounts.forEach((count, column) => {
      expected += options.regularization * (count + 0.1 * 7) ** 0.7 * square(model.itemFactors, column);
    });
    expect(alsLoss(matrix, model)).toBeCloseTo(expected, 6);
  });

  test("conjugate gradient comes close to Cholesky", async () => {
    const matrix = randomMatrix(60, 80, 0.15, 5);
    const exact = await trainAls(matrix, optionsOf({ factors: 8, iterations: 12 }));
    const close = await trainAls(matrix, optionsOf({ factors: 8, iterations: 12, solver: "cg" }));
    const exactLoss = alsLoss(matrix, exact);
    expect(Math.abs(alsLoss(matrix, close) - exactLoss)).toBeLessThan(0.01 * exactLoss);
    const full = await trainAls(matrix, optionsOf({ factors: 8, iterations: 12, solver: "cg", cgSteps: 30 }));
    full.userFactors.forEach((value, at) => expect(value).toBeCloseTo(exact.userFactors[at]!, 3));
  });

  test("folding in a user's own row gives the trained vector: batch equals scalar", async () => {
    await fc.assert(
      fc.asyncProperty(matrices, async (matrix) => {
        const options = optionsOf();
        const { itemFactors, userFactors, factors } = await trainAls(matrix, options);
        const shared = { itemFactors, factors, options, gram: gram(itemFactors, matrix.columns, factors) };
        for (let row = 0; row < matrix.rows; row++) {
          const trained = userFactors.slice(row * factors, (row + 1) * factors);
          expect(foldIn({ ...shared, ...rowOf(matrix, row) })).toEqual(trained);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("a checkerboard has the known answer, also for the pair left out", async () => {
    const pairs: [number, number][] = [];
    for (let user = 0; user < 20; user++) {
      for (let film = 0; film < 20; film++)
        if ((user + film) % 2 === 0 && !(user === 4 && film === 8)) pairs.push([user, film]);
    }
    const matrix = buildCsr(
      20,
      20,
      pairs.map(([u]) => u),
      pairs.map(([, f]) => f),
      pairs.map(() => 1),
    );
    const { userFactors, itemFactors, factors } = await trainAls(
      matrix,
      optionsOf({ factors: 2, iterations: 15, regularization: 0.001 }),
    );
    const score = (user: number, film: number): number =>
      dot(userFactors, user * factors, itemFactors, film * factors, factors);
    expect(score(4, 8)).toBeGreaterThan(0.5);
    for (const [user, film] of [
      [2, 4],
      [3, 5],
      [10, 0],
    ] as const)
      expect(score(user, film)).toBeGreaterThan(0.8);
    for (const [user, film] of [
      [2, 5],
      [3, 4],
      [4, 9],
    ] as const)
      expect(Math.abs(score(user, film))).toBeLessThan(0.02);
    const query = userFactors.slice(4 * factors, 5 * factors);
    const best = topK({ index: prepareTopK(itemFactors, factors), query, k: 1, exclude: rowOf(matrix, 4).indices });
    expect([...best.indices]).toEqual([8]);
  });

  test("a dislike lowers the film and its neighbours", async () => {
    const matrix = randomMatrix(40, 30, 0.3, 9);
    const options = optionsOf();
    const { itemFactors, factors } = await trainAls(matrix, options);
    const shared = { itemFactors, factors, options, gram: gram(itemFactors, 30, factors) };
    const score = (values: number[], film: number): number => {
      const vector = foldIn({
        ...shared,
        indices: Int32Array.of(3, 7).slice(0, values.length),
        values: Float32Array.from(values),
      });
      return dot(vector, 0, itemFactors, film * factors, factors);
    };
    expect(score([1, -1], 7)).toBeLessThan(score([1], 7));
  });

  test("equal seeds give equal bytes, another seed others", async () => {
    const matrix = randomMatrix(30, 40, 0.2, 1);
    for (const solver of ["cg", "cholesky"] as const) {
      const first = await trainAls(matrix, optionsOf({ solver }));
      const again = await trainAls(matrix, optionsOf({ solver }));
      expect(again.userFactors).toEqual(first.userFactors);
      expect(again.itemFactors).toEqual(first.itemFactors);
      expect((await trainAls(matrix, optionsOf({ solver, seed: 2 }))).userFactors).not.toEqual(first.userFactors);
    }
  });

  test("rows without a liked film are zero", async () => {
    const matrix = buildCsr(3, 2, [0, 1], [0, 1], [1, -1]);
    const { userFactors } = await trainAls(matrix, optionsOf({ solver: "cg" }));
    expect(userFactors.slice(5).every((value) => value === 0)).toBe(true);
    expect(userFactors.slice(0, 5).some((value) => value !== 0)).toBe(true);
  });

  test("the event loop stays responsive while training", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await trainAls(randomMatrix(400, 600, 0.1, 1), optionsOf({ factors: 32, iterations: 6 }));
    clearInterval(timer);
    expect(ticks).toBeGreaterThanOrEqual(5);
  });

  test("aborting rejects with the signal's reason, between two rows", async () => {
    const controller = new AbortController();
    const matrix = randomMatrix(400, 600, 0.1, 1);
    const reason = new Error("enough");
    setTimeout(() => controller.abort(reason), 20);
    const training = trainAls(matrix, optionsOf({ factors: 32, iterations: 10_000 }), { signal: controller.signal });
    await expect(training).rejects.toBe(reason);
    await expect(trainAls(matrix, optionsOf(), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
  });

  test("options and matrices out of range are refused by name", async () => {
    const matrix = buildCsr(1, 1, [0], [0], [1]);
    const wrong = { factors: 0, iterations: 1.5, regularization: 0, unobservedWeight: -1, seed: -1, cgSteps: 0 };
    for (const [name, value] of Object.entries(wrong)) {
      await expect(trainAls(matrix, optionsOf({ [name]: value }))).rejects.toThrow(name);
    }
    await expect(trainAls({ ...matrix, indices: Int32Array.of(1) }, optionsOf())).rejects.toThrow(RangeError);
    await expect(trainAls({ ...matrix, values: Float32Array.of(NaN) }, optionsOf())).rejects.toThrow(RangeError);
  });
});

test("fold-in refuses films that do not exist and lengths that do not fit", () => {
  const itemFactors = new Float32Array(10).fill(0.1);
  const options = optionsOf();
  const shared = { itemFactors, factors: 5, options, gram: gram(itemFactors, 2, 5) };
  expect(() => foldIn({ ...shared, indices: Int32Array.of(2), values: Float32Array.of(1) })).toThrow(RangeError);
  expect(() => foldIn({ ...shared, indices: Int32Array.of(1), values: new Float32Array(0) })).toThrow(RangeError);
  expect(foldIn({ ...shared, indices: new Int32Array(0), values: new Float32Array(0) })).toEqual(new Float32Array(5));
});
