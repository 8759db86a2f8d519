import type { LakePorts } from "@cinelake/lake";
import { evaluateRatings, type Evaluation, type EvaluationOptions } from "./evaluate_ratings.ts";
import type { WorkHooks } from "./ports.ts";
import { openSources, readRatings } from "./sources.ts";

/** Above this many ratings settings are not searched unless a grid is given: each training would take minutes. */
const GRID_RATINGS = 2_000_000;

/**
 * Measures the recommender on the current Silver ratings; see `evaluateRatings`. Writes nothing. Fails with `dataset_missing` without
 * ratings, with the signal's reason when aborted.
 */
export async function evaluateModel(
  ports: LakePorts,
  options: EvaluationOptions & WorkHooks = {},
): Promise<Evaluation> {
  const { ratings } = await readRatings(ports, await openSources(ports));
  const large = ratings.stars.length > GRID_RATINGS;
  return evaluateRatings(ratings, { ...(large && { grid: [] }), ...options }, options);
}
