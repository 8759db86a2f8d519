import { partitionKey, type LogRecord } from "@cinelake/event_log";
import type { Metrics } from "@cinelake/runtime";
import type { ResolvedPorts } from "./ports.ts";
import type { TopicTables } from "./topic_tables.ts";

/** Sets the lag metrics: records of the log that a table lacks, and the age of the oldest that was read and waits. */
export async function reportLag(
  metrics: Metrics,
  { log, clock }: Pick<ResolvedPorts, "log" | "clock">,
  tables: Iterable<TopicTables>,
  waiting: ReadonlyMap<string, readonly LogRecord[]>,
): Promise<void> {
  for (const { topic, silver, bronze } of tables) {
    const { first, next } = await log.offsets([topic]);
    for (const partition of new Set([...silver.offsets.keys(), ...bronze.offsets.keys()])) {
      const key = partitionKey({ topic, partition });
      const written = Math.min(silver.offsets.get(partition) ?? 0, bronze.offsets.get(partition) ?? 0);
      const lag = Math.max(0, (next.get(key) ?? 0) - Math.max(written, first.get(key) ?? 0));
      metrics.gauge("cinelake_stream_lag_records").set({ topic, partition }, lag);
    }
    const oldest = (waiting.get(topic) ?? []).reduce((least, { timestamp }) => Math.min(least, timestamp), Infinity);
    const age = oldest === Infinity ? 0 : Math.max(0, clock() - oldest) / 1000;
    metrics.gauge("cinelake_stream_lag_seconds").set({ topic }, age);
  }
}
