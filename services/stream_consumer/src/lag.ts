import type { LogRecord, Offsets } from "@cinelake/event_log";
import type { Metrics } from "@cinelake/runtime";
import type { Decoded } from "./decode.ts";
import type { ResolvedPorts } from "./ports.ts";
import type { StreamTable, TopicTables } from "./topic_tables.ts";

/**
 * Sets the lag metrics of the partitions held: how many records of the log have not been read and how many a table lacks, and the age of
 * the oldest of either. `positions` is where reading stands, by `partitionKey`.
 */
export async function reportLag(
  metrics: Metrics,
  { log, clock }: Pick<ResolvedPorts, "log" | "clock">,
  tables: Iterable<TopicTables>,
  waiting: ReadonlyMap<string, readonly Decoded[]>,
  positions: Offsets,
): Promise<void> {
  for (const { topic, silver, bronze } of tables) {
    const { first, next } = await log.offsets([topic]);
    const held = [...next].filter(([key]) => positions.has(key));
    const oldest = { read: Infinity, silver: Infinity, bronze: Infinity };
    for (const [key, end] of held) {
      const partition = Number(key.slice(topic.length + 1));
      const from = (offset: number): number => Math.min(end, Math.max(offset, first.get(key) ?? 0));
      const places = {
        read: from(positions.get(key)!),
        silver: from(silver.offsets.get(partition) ?? 0),
        bronze: from(bronze.offsets.get(partition) ?? 0),
      };
      const labels = { topic, partition };
      metrics.gauge("cinelake_stream_read_lag_records").set(labels, end - places.read);
      metrics.gauge("cinelake_stream_lag_records").set(labels, end - Math.min(places.silver, places.bronze));
      for (const place of ["read", "silver", "bronze"] as const) {
        const offset = places[place];
        if (offset >= end) continue;
        const buffered = waiting.get(topic)?.find((each) => each.record.partition === partition)?.record;
        const record: LogRecord | undefined =
          buffered?.offset === offset ? buffered : (await log.read({ topic, partition, offset }, { maxRecords: 1 }))[0];
        if (record) oldest[place] = Math.min(oldest[place], record.timestamp);
      }
    }
    const age = (timestamp: number): number => (timestamp === Infinity ? 0 : Math.max(0, clock() - timestamp) / 1000);
    metrics.gauge("cinelake_stream_read_lag_seconds").set({ topic }, age(oldest.read));
    metrics.gauge("cinelake_stream_lag_seconds").set({ topic }, age(Math.min(oldest.silver, oldest.bronze)));
    const freshness = (layer: string, { spec }: StreamTable, timestamp: number): void =>
      metrics.gauge("cinelake_table_freshness_seconds").set({ layer, table: spec.name }, age(timestamp));
    freshness("bronze", bronze, oldest.bronze);
    freshness("silver", silver, oldest.silver);
  }
}
