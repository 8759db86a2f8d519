import type { ServingModel } from "@cinelake/metadata";
import type { Metrics } from "@cinelake/runtime";

const INPUTS = ["users", "movies", "ratings"] as const;

/**
 * Shows what the metadata row tells of the model that has come into place; what it does not tell is not shown, and nothing of the model
 * before is left.
 */
export function showModel(metrics: Metrics, { modelVersion, details }: ServingModel): void {
  const info = metrics.gauge("cinelake_model_info");
  info.clear();
  info.set({ version: modelVersion }, 1);

  const inputs = metrics.gauge("cinelake_model_inputs");
  inputs.clear();
  for (const kind of INPUTS) if (isFigure(details[kind])) inputs.set({ kind }, details[kind]);

  const seconds = metrics.gauge("cinelake_model_training_seconds");
  seconds.clear();
  if (isFigure(details["training_seconds"])) seconds.set(details["training_seconds"]);

  const quality = metrics.gauge("cinelake_model_quality");
  quality.clear();
  const measured = details["quality"];
  if (typeof measured !== "object" || measured === null) return;
  for (const [metric, value] of Object.entries(measured)) if (isFigure(value)) quality.set({ metric }, value);
}

function isFigure(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
