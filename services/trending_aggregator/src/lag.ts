import type { EventLog, Offsets } from "@cinelake/event_log";
import type { Metrics } from "@cinelake/runtime";
import { INTEREST_TOPICS } from "./decode.ts";

/** Sets the lag metrics: records of the log that the lists do not count yet, and the age of the oldest of them. */
export async function reportLag(
  metrics: Metrics,
  { log, clock }: { readonly log: EventLog; readonly clock: () => number },
  counted: Offsets,
): Promise<void> {
  const { first, next } = await log.offsets(INTEREST_TOPICS);
  const ages = new Map<string, number>(INTEREST_TOPICS.map((topic) => [topic, 0]));
  for (const [key, end] of next) {
    const [topic = "", partition = ""] = key.split("/");
    const offset = Math.max(counted.get(key) ?? 0, first.get(key) ?? 0);
    const lag = Math.max(0, end - offset);
    metrics.gauge("cinelake_trending_lag_records").set({ topic, partition }, lag);
    if (lag === 0) continue;
    const [oldest] = await log.read({ topic, partition: Number(partition), offset }, { maxRecords: 1 });
    if (oldest) ages.set(topic, Math.max(ages.get(topic)!, (clock() - oldest.timestamp) / 1000));
  }
  for (const [topic, age] of ages) metrics.gauge("cinelake_trending_lag_seconds").set({ topic }, age);
}
