import type { ApiContext } from "./context.ts";

/** What is missing before requests should be sent here; a platform without any model yet is ready unless a model is required. */
export function readiness({
  catalogue,
  models,
  users,
  config,
}: Pick<ApiContext, "catalogue" | "models" | "users" | "config">): string[] {
  const missing = [catalogue.problem(), models.problem()].filter((problem) => problem !== undefined);
  if (!models.current() && models.problem() === undefined && config.requireModel) {
    missing.push("no model has been promoted yet");
  }
  if (!users.caughtUp()) missing.push("the events since the model was trained are being read");
  return missing;
}
