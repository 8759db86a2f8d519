import { setTimeout as sleep } from "node:timers/promises";
import type { EventLog } from "@cinelake/event_log";
import { sparingly } from "./sparingly.ts";
import type { Logger } from "./logger.ts";
import type { Metrics } from "./metrics.ts";
import type { Service } from "./service.ts";

/**
 * A service that tells by metrics whether the log answers, how its servers are and from where to where its topics reach, every
 * `intervalMs` (default 5000). While the log is away `cinelake_log_up` is 0 and the other figures stay as they were. It is well
 * whatever the log does: services that cannot work without the log say so themselves. Every process that holds a log may run one;
 * queries take the maximum over them.
 */
export function watchLog(
  { log, logger, metrics }: { readonly log: EventLog; readonly logger: Logger; readonly metrics: Metrics },
  { intervalMs = 5000 }: { readonly intervalMs?: number } = {},
): Service {
  const stopping = new AbortController();
  const { signal } = stopping;
  const up = metrics.gauge("cinelake_log_up");
  const tell = sparingly((error) => logger.warn({ err: error }, "the event log does not answer"));
  let watching: Promise<void> | undefined;

  async function look(): Promise<void> {
    const { servers, offline, shortOfCopies } = await log.state();
    metrics.gauge("cinelake_log_servers").set(servers);
    metrics.gauge("cinelake_log_partitions_offline").set(offline);
    metrics.gauge("cinelake_log_partitions_short_of_copies").set(shortOfCopies);
    const { first, next } = await log.offsets([...(await log.topics()).keys()]);
    for (const [name, offsets] of [
      ["cinelake_log_first_offset", first],
      ["cinelake_log_end_offset", next],
    ] as const) {
      for (const [key, offset] of offsets) {
        const slash = key.lastIndexOf("/");
        metrics.gauge(name).set({ topic: key.slice(0, slash), partition: key.slice(slash + 1) }, offset);
      }
    }
  }

  async function watch(): Promise<void> {
    while (!signal.aborted) {
      try {
        await look();
        up.set(1);
      } catch (error) {
        up.set(0);
        tell(error);
      }
      await sleep(intervalMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  return {
    name: "log_watch",
    start: async () => void (watching ??= watch()),
    async stop() {
      stopping.abort();
      await watching;
    },
    health: async () => undefined,
  };
}
