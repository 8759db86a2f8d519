export { configurationSections, loadConfiguration, type Configuration } from "./configuration.ts";
export { openHouse, type House } from "./house.ts";
export { readOwner, type Owner } from "./ownership.ts";
export { createPlatform, type LivePlatform } from "./platform.ts";
export { runBootstrap, runEtl, runFinalLists, runTraining, type BatchContext } from "./pipeline.ts";
export { stepRunner, type ReportProgress, type RunStep, type StepProgress } from "./steps.ts";
