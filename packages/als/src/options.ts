import type { AlsOptions } from "./api.ts";

/** Settings that ship; docs/evaluation.md says how they were picked. */
export const defaultAlsOptions: AlsOptions = {
  factors: 64,
  iterations: 10,
  regularization: 0.08,
  unobservedWeight: 0.15,
  frequencyExponent: 0.7,
  seed: 1,
  solver: "cg",
  cgSteps: 3,
};

/** The options as they are, or a RangeError that names the one out of range. */
export function checkAlsOptions(options: AlsOptions): AlsOptions {
  integerBetween("factors", options.factors, 1, 2048);
  integerBetween("iterations", options.iterations, 1, 10_000);
  integerBetween("seed", options.seed, 0, 0xffffffff);
  integerBetween("cgSteps", options.cgSteps, 1, 1000);
  finite("regularization", options.regularization, options.regularization > 0, "above 0");
  finite("unobservedWeight", options.unobservedWeight, options.unobservedWeight >= 0, "0 or more");
  finite("frequencyExponent", options.frequencyExponent, true, "a number");
  if (options.solver !== "cholesky" && options.solver !== "cg") {
    throw new RangeError(`ALS option solver must be "cholesky" or "cg", not ${JSON.stringify(options.solver)}`);
  }
  return options;
}

/** lambda * (#observed + alpha0 * #columns)^nu: what a row's diagonal gains (Rendle et al. 2022, section 4.2). */
export function ridgeOf(options: AlsOptions, observed: number, columns: number): number {
  return options.regularization * (observed + options.unobservedWeight * columns) ** options.frequencyExponent;
}

function integerBetween(name: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new RangeError(`ALS option ${name} must be a whole number from ${low} to ${high}, not ${value}`);
  }
}

function finite(name: string, value: number, inRange: boolean, range: string): void {
  if (!Number.isFinite(value) || !inRange) throw new RangeError(`ALS option ${name} must be ${range}, not ${value}`);
}
