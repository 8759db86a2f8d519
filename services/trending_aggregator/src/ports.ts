import type { Cache } from "@cinelake/cache";
import type { EventLog } from "@cinelake/event_log";
import type { LakePorts } from "@cinelake/lake";
import type { TrendingOptions } from "@cinelake/ranking";
import type { Logger, Metrics, Tracing } from "@cinelake/runtime";

export interface TrendingPorts extends LakePorts {
  readonly log: EventLog;
  readonly cache: Cache;
  readonly logger: Pick<Logger, "info" | "warn" | "error">;
  readonly metrics?: Metrics;
  /** Default NO_TRACING. */
  readonly tracing?: Tracing;
  /** Milliseconds since the epoch; default Date.now. */
  readonly clock?: () => number;
}

export interface TrendingAggregatorOptions {
  /** The lists go to the cache this often (default 1,000 ms), and this soon after a new event (default 200 ms). */
  readonly publishIntervalMs?: number;
  readonly publishSoonMs?: number;
  /** The lists are appended to gold_trending_now and the state is saved this often; default five minutes. */
  readonly tableIntervalMs?: number;
  /** The lag behind the log is measured this often, if there are metrics; default five seconds. */
  readonly lagIntervalMs?: number;
  /** Silver tables are looked at this often for new history and films; default one minute. */
  readonly historyIntervalMs?: number;
  /** Places of each list that gold_trending_now gets; default 100. */
  readonly tablePlaces?: number;
  /** Time to live of the published lists; default one hour. */
  readonly cacheTtlSeconds?: number;
  readonly trending?: Partial<TrendingOptions>;
}

export function withDefaults(options: TrendingAggregatorOptions): Required<TrendingAggregatorOptions> {
  return {
    publishIntervalMs: options.publishIntervalMs ?? 1_000,
    publishSoonMs: options.publishSoonMs ?? 200,
    tableIntervalMs: options.tableIntervalMs ?? 300_000,
    lagIntervalMs: options.lagIntervalMs ?? 5_000,
    historyIntervalMs: options.historyIntervalMs ?? 60_000,
    tablePlaces: options.tablePlaces ?? 100,
    cacheTtlSeconds: options.cacheTtlSeconds ?? 3_600,
    trending: options.trending ?? {},
  };
}
