import type { Cache } from "@cinelake/cache";
import type { EventLog } from "@cinelake/event_log";
import type { LakePorts } from "@cinelake/lake";
import type { Metadata } from "@cinelake/metadata";
import type { Logger, Metrics, Tracing } from "@cinelake/runtime";

/** What the API works on; whoever opened them closes them, after the API has stopped. */
export interface ApiPorts extends LakePorts {
  readonly log: EventLog;
  readonly cache: Cache;
  readonly metadata: Metadata;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Default NO_TRACING. */
  readonly tracing?: Tracing;
  /** Milliseconds since the epoch; default Date.now. */
  readonly now?: () => number;
}
