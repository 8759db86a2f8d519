export type { MetricPoint, ModelVersion, RunStatus, TrackedRun, Tracking } from "./tracking.ts";
export { openTracking, type TrackingOptions } from "./open.ts";
