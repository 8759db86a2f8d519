export { DATASETS, SYNTHETIC, type Dataset } from "./datasets.ts";
export { currentManifest, fileKey, readManifest, type Manifest } from "./manifest.ts";
export type { Progress, StepProgress } from "./progress.ts";
export { bootstrap, type BootstrapOptions, type BootstrapPorts, type Report } from "./service.ts";
export { syntheticFiles, writeSynthetic } from "./synthetic.ts";
export { syntheticShape, type SyntheticOptions, type SyntheticShape } from "./synthetic_shape.ts";
export { validateDataset, type Problem } from "./validate.ts";
