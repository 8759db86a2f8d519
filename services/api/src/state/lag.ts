import type { EventLog, Offsets } from "@cinelake/event_log";
import type { Metrics } from "@cinelake/runtime";

/** Sets how many records of each partition in `position` (next to read) the log has beyond it. */
export async function reportLag(metrics: Metrics, log: EventLog, position: Offsets): Promise<void> {
  const places = Array.from(position, ([key, read]) => {
    const slash = key.lastIndexOf("/");
    return { key, read, topic: key.slice(0, slash), partition: key.slice(slash + 1) };
  });
  const { next } = await log.offsets([...new Set(places.map(({ topic }) => topic))]);
  for (const { key, read, topic, partition } of places) {
    const lag = Math.max(0, (next.get(key) ?? read) - read);
    metrics.gauge("cinelake_api_lag_records").set({ topic, partition }, lag);
  }
}
