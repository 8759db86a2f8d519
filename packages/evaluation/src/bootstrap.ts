import { seededUniform } from "@cinelake/als";

/** [low, high]. */
export type Interval = readonly [number, number];

/**
 * 95 % percentile interval of the mean of `values` (one per user): the 2.5 % and 97.5 % quantiles of the means of `resamples` draws
 * with replacement. Equal seeds draw equally. Without values both ends are NaN.
 */
export function bootstrapInterval(
  values: Float64Array,
  { resamples = 1000, seed = 1 }: { readonly resamples?: number; readonly seed?: number } = {},
): Interval {
  const uniform = seededUniform(seed);
  const count = values.length;
  const means = Float64Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let draw = 0; draw < count; draw++) sum += values[Math.floor(uniform() * count)]!;
    return sum / count;
  }).sort();
  const quantile = (share: number): number => means[Math.min(resamples - 1, Math.floor(share * resamples))]!;
  return [quantile(0.025), quantile(0.975)];
}
