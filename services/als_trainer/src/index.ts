export { evaluateModel } from "./evaluate.ts";
export { activeUsers, precomputeFinal, type FinalResult } from "./final_recommendations.ts";
export { evaluateRatings, type Evaluation, type EvaluationOptions } from "./evaluate_ratings.ts";
export { formatEvaluation } from "./evaluation_report.ts";
export type { TrainerPorts, WorkHooks } from "./ports.ts";
export { EXPERIMENT } from "./run_log.ts";
export { PROTOCOL_NAMES, type ProtocolName } from "./protocols.ts";
export { trainModel, type TrainResult } from "./service.ts";
