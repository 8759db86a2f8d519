export type { Database, Metadata, ServingModel, ServingModelTable } from "./metadata.ts";
export { openMetadata } from "./open.ts";
