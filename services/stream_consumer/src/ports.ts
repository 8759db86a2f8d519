import type { SqlEngine } from "@cinelake/delta";
import type { EventLog } from "@cinelake/event_log";
import type { ObjectStore } from "@cinelake/object_store";
import { NO_TRACING, type Logger, type Metrics, type Tracing } from "@cinelake/runtime";

export interface StreamPorts {
  readonly log: EventLog;
  /** The lake. */
  readonly store: ObjectStore;
  readonly engine: SqlEngine;
  readonly logger: Pick<Logger, "info" | "warn" | "error">;
  readonly metrics?: Metrics;
  /** Default NO_TRACING. */
  readonly tracing?: Tracing;
  /** Milliseconds since the epoch; default Date.now. */
  readonly clock?: () => number;
}

export interface StreamOptions {
  /** Consumer group; its committed offsets are for lag tools only. Default `stream_consumer`. */
  readonly group?: string;
  /** A flush happens at the first of: this many records (default 128,000), */
  readonly flushRows?: number;
  /** this many bytes of memory that records take, roughly (default 64 MiB), */
  readonly flushBytes?: number;
  /** this many milliseconds after the oldest record (default 30,000). */
  readonly flushIntervalMs?: number;
  /** Small files of the tables become larger ones this often, milliseconds (default 60,000); 0 leaves them. */
  readonly compactIntervalMs?: number;
  /** Waits after a failed flush, milliseconds; the last repeats. Default 500, 2,000, 10,000, 30,000. */
  readonly retryDelaysMs?: readonly number[];
}

export type ResolvedPorts = StreamPorts & Required<Pick<StreamPorts, "clock" | "tracing">>;
export type ResolvedOptions = Required<StreamOptions>;

/** Ports with their defaults. */
export function resolvePorts(ports: StreamPorts): ResolvedPorts {
  return { ...ports, clock: ports.clock ?? Date.now, tracing: ports.tracing ?? NO_TRACING };
}

/** Options with their defaults. */
export function withDefaults(options: StreamOptions): ResolvedOptions {
  return {
    group: options.group ?? "stream_consumer",
    flushRows: options.flushRows ?? 128_000,
    flushBytes: options.flushBytes ?? 64 * 1024 * 1024,
    flushIntervalMs: options.flushIntervalMs ?? 30_000,
    compactIntervalMs: options.compactIntervalMs ?? 60_000,
    retryDelaysMs: options.retryDelaysMs ?? [500, 2_000, 10_000, 30_000],
  };
}
