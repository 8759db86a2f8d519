import type { Cache } from "@cinelake/cache";
import type { SqlEngine } from "@cinelake/delta";
import type { EventLog } from "@cinelake/event_log";
import type { Metadata } from "@cinelake/metadata";
import type { ObjectStore } from "@cinelake/object_store";
import type { Logger, Metrics } from "@cinelake/runtime";

/** What the API works on; whoever opened them closes them, after the API has stopped. */
export interface ApiPorts {
  readonly log: EventLog;
  readonly cache: Cache;
  readonly metadata: Metadata;
  readonly store: ObjectStore;
  readonly engine: SqlEngine;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Milliseconds since the epoch; default Date.now. */
  readonly now?: () => number;
}
