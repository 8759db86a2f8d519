import type { Cache } from "@cinelake/cache";
import { trendingKey } from "@cinelake/contracts";
import type { Offsets } from "@cinelake/event_log";
import type { TrendingPublication, TrendingWindow } from "@cinelake/ranking";
import type { Logger, Metrics } from "@cinelake/runtime";
import { reached } from "./coverage.ts";

/** A trending list as last published. */
interface TrendingNow {
  /** The last one seen; undefined if none ever was. */
  readonly publication: TrendingPublication | undefined;
  /** True if there is none, or it is old, or the cache has lost it. */
  readonly stale: boolean;
}

export interface TrendingReader {
  get(window: TrendingWindow): Promise<TrendingNow>;
  /** The list once it counts everything before the position, or as it is after `timeoutMs`. */
  getAfter(window: TrendingWindow, position: Offsets, timeoutMs: number): Promise<TrendingNow & { reached: boolean }>;
}

const LOOK_AGAIN_MS = 10;

/** Reads lists from the cache at most every `keepMs`; a broken cache or entry is a missing one. */
export function createTrendingReader(
  ports: { cache: Cache; logger: Logger; metrics: Metrics; now: () => number },
  { keepMs, staleMs }: { readonly keepMs: number; readonly staleMs: number },
): TrendingReader {
  const { cache, logger, metrics, now } = ports;
  const kept = new Map<
    TrendingWindow,
    { publication: TrendingPublication | undefined; found: boolean; readAt: number }
  >();
  const age = metrics.gauge("cinelake_trending_age_seconds");

  async function read(window: TrendingWindow): Promise<void> {
    const readAt = now();
    let publication: TrendingPublication | undefined;
    try {
      const bytes = await cache.get(trendingKey(window));
      if (bytes) publication = JSON.parse(new TextDecoder().decode(bytes)) as TrendingPublication;
    } catch (error) {
      logger.warn({ err: error, window }, "trending list cannot be read");
    }
    kept.set(window, { publication: publication ?? kept.get(window)?.publication, found: !!publication, readAt });
    if (publication) age.set({ window }, ageOf(publication, readAt) / 1000);
  }
  async function get(window: TrendingWindow): Promise<TrendingNow> {
    const known = kept.get(window);
    if (!known || now() - known.readAt >= keepMs) await read(window);
    const { publication, found } = kept.get(window)!;
    return { publication, stale: !publication || !found || ageOf(publication, now()) > staleMs };
  }
  return {
    get,
    async getAfter(window, position, timeoutMs) {
      const deadline = performance.now() + timeoutMs;
      for (;;) {
        const list = await get(window);
        const counted = new Map(Object.entries(list.publication?.offsets ?? {}));
        if (list.publication && reached(counted, position, 0)) return { ...list, reached: true };
        if (performance.now() >= deadline) return { ...list, reached: false };
        await new Promise((resolve) => void setTimeout(resolve, LOOK_AGAIN_MS));
        await read(window);
      }
    },
  };
}

function ageOf({ computed_at }: TrendingPublication, now: number): number {
  return Math.max(0, now - Date.parse(computed_at));
}
