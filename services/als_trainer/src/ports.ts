import type { LakePorts } from "@cinelake/lake";
import type { Metadata } from "@cinelake/metadata";
import type { Tracking } from "@cinelake/tracking";

/** What training works with. */
export interface TrainerPorts extends LakePorts {
  readonly metadata: Metadata;
  readonly tracking: Tracking;
  readonly logger?: { warn(details: object, message: string): void };
  /** Milliseconds since the epoch; default Date.now. */
  readonly now?: () => number;
}

/** `done` of `total` units of the step `name` are behind. */
type ReportWork = (progress: {
  readonly name: string;
  readonly done: number;
  readonly total: number;
  readonly unit: string;
}) => void;

export interface WorkHooks {
  readonly onProgress?: ReportWork;
  readonly signal?: AbortSignal;
}
