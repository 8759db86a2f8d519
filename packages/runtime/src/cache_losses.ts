import type { Logger } from "./logger.ts";
import type { Metrics } from "./metrics.ts";

/** Warns of lost calls at most so often, as each request may lose one. */
const WARN_EVERY_MS = 60_000;

/** What to do about calls that the cache could not do: all are counted, and one a minute is warned of with its reason. */
export function reportCacheLosses(
  { logger, metrics }: { readonly logger: Logger; readonly metrics: Metrics },
  now: () => number = () => performance.now(),
): (loss: { readonly operation: string; readonly reason: string; readonly detail: string }) => void {
  const counter = metrics.counter("cinelake_cache_losses_total");
  let warned = -Infinity;
  return ({ operation, reason, detail }) => {
    counter.inc({ operation, reason });
    if (now() - warned < WARN_EVERY_MS) return;
    warned = now();
    logger.warn({ operation, reason, detail }, "the cache lost a call");
  };
}
