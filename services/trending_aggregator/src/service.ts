import { setImmediate as letOthersWork, setTimeout as delay } from "node:timers/promises";
import { trendingKey } from "@cinelake/contracts";
import { tailLog, type Offsets } from "@cinelake/event_log";
import type { TrendingPublication } from "@cinelake/ranking";
import { retryDelay, type Service } from "@cinelake/runtime";
import { Aggregation } from "./aggregation.ts";
import { INTEREST_TOPICS } from "./decode.ts";
import { loadTrendingGenres, loadTrendingHistory, silverVersions } from "./history.ts";
import { withDefaults, type TrendingAggregatorOptions, type TrendingPorts } from "./ports.ts";
import { repeat, type Repeated } from "./repeat.ts";
import { loadState, saveState } from "./saved_state.ts";
import { appendTrending } from "./trending_table.ts";

const utf8 = new TextEncoder();

/**
 * Counts what the event log says and publishes what is trending: to the cache every second and soon after new events, all windows at
 * once; to gold_trending_now every five minutes if something has changed. Counts are saved with the offsets they have read and a
 * restart goes on from there; without them it reads the log again. `start` resolves once lists are in the cache. Later trouble is retried for ever
 * and told by `health`. `stop` publishes, appends and saves what was counted.
 */
export function createTrendingAggregator(
  deps: TrendingPorts & { readonly options?: TrendingAggregatorOptions },
): Service {
  const ports = { ...deps, clock: deps.clock ?? Date.now };
  const options = withDefaults(deps.options ?? {});
  const { logger, clock } = ports;
  const aggregation = new Aggregation(options.trending);
  const problems = new Map<string, string>();
  const stopping = new AbortController();
  let starting: Promise<void> | undefined;
  let stopped: Promise<void> | undefined;
  let tailing: Promise<void> | undefined;
  let publishing: Repeated | undefined;
  const repeated: Repeated[] = [];
  let loaded: { ratings: number | undefined; movies: number | undefined } = { ratings: undefined, movies: undefined };
  /** Something changed since the last append. */
  let changed = false;

  async function begin(): Promise<void> {
    await loadSilver();
    const target = await restore();
    await publish();
    publishing = repeat({ intervalMs: options.publishIntervalMs, soonMs: options.publishSoonMs }, () =>
      attempt("cache", publish),
    );
    const caughtUp = Promise.withResolvers<void>();
    stopping.signal.addEventListener("abort", () => caughtUp.resolve());
    tailing = tail(target, caughtUp.resolve);
    repeated.push(
      publishing,
      repeat({ intervalMs: options.historyIntervalMs }, () => attempt("silver tables", loadSilver)),
      repeat({ intervalMs: options.tableIntervalMs }, async () => {
        await caughtUp.promise;
        if (!stopping.signal.aborted) await persist();
      }),
    );
  }

  /** Runs a piece of work that the next run makes up for; `health` tells its problem until a run succeeds. */
  async function attempt(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      problems.delete(what);
    } catch (error) {
      if (!problems.has(what)) logger.warn({ err: error }, `trending_aggregator: ${what} failed, trying again`);
      problems.set(what, `${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Takes the saved state; gives the offsets at which the log ends now. */
  async function restore(): Promise<Offsets> {
    const { next } = await ports.log.offsets(INTEREST_TOPICS);
    try {
      const saved = await loadState(ports.store);
      const problem = saved && aggregation.restore(saved, next);
      if (problem)
        logger.warn({ problem }, "the saved trending state is of another log; reading this one from its beginning");
    } catch (error) {
      logger.warn({ err: error }, "the saved trending state cannot be used; reading the log from its beginning");
    }
    return next;
  }

  async function tail(target: Offsets, caughtUp: () => void): Promise<void> {
    const reached = (): boolean =>
      [...target].every(([key, offset]) => offset === 0 || (aggregation.offsets.get(key) ?? 0) >= offset);
    if (reached()) caughtUp();
    for (let failures = 0; !stopping.signal.aborted;) {
      await attempt("event log", async () => {
        await tailLog(ports.log, {
          topics: INTEREST_TOPICS,
          from: aggregation.offsets,
          signal: stopping.signal,
          onRecords: async (records) => {
            failures = 0;
            problems.delete("event log");
            const counted = aggregation.observe(records, clock());
            changed ||= counted > 0;
            if (reached()) {
              caughtUp();
              if (counted > 0) publishing?.soon();
            }
            await letOthersWork();
          },
        });
      });
      if (stopping.signal.aborted) return;
      await delay(retryDelay(++failures), undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  async function compute(): Promise<TrendingPublication[]> {
    const publications: TrendingPublication[] = [];
    const began = performance.now();
    for (const publication of aggregation.publications(clock())) {
      publications.push(publication);
      await letOthersWork();
    }
    ports.metrics?.histogram("cinelake_trending_compute_duration_seconds").observe((performance.now() - began) / 1000);
    return publications;
  }

  async function publish(): Promise<void> {
    const publications = await compute();
    const entries = publications.map(
      (publication) => [trendingKey(publication.window), utf8.encode(JSON.stringify(publication))] as const,
    );
    await ports.cache.setMany(entries, { ttlSeconds: options.cacheTtlSeconds });
    for (const { window } of publications) {
      ports.metrics?.counter("cinelake_trending_publications_total").inc({ window });
    }
  }

  /** Appends the lists to the table if something has changed, and saves the counts. */
  async function persist(): Promise<void> {
    aggregation.forget(clock());
    await attempt("gold_trending_now", async () => {
      const force = changed;
      changed = false;
      try {
        await appendTrending(ports, await compute(), { places: options.tablePlaces, force });
      } catch (error) {
        changed ||= force;
        throw error;
      }
    });
    await attempt("saved state", () => saveState(ports.store, aggregation.save()));
  }

  async function loadSilver(): Promise<void> {
    const current = await silverVersions(ports);
    if (current.ratings !== loaded.ratings) {
      const history = await loadTrendingHistory(ports);
      aggregation.seed(history.films);
      changed ||= loaded.ratings !== undefined;
      loaded = { ...loaded, ratings: history.version };
    }
    if (current.movies !== loaded.movies) {
      const { genres, version } = await loadTrendingGenres(ports);
      aggregation.useGenres(genres);
      loaded = { ...loaded, movies: version };
    }
    publishing?.soon();
  }

  async function end(): Promise<void> {
    stopping.abort();
    await starting?.catch(() => undefined);
    await tailing;
    await Promise.all(repeated.map((each) => each.stop()));
    if (!tailing) return;
    await attempt("cache", publish);
    await persist();
  }

  return {
    name: "trending_aggregator",
    start: () => (starting ??= stopping.signal.aborted ? Promise.resolve() : begin()),
    stop: () => (stopped ??= end()),
    health: async () => [...problems.values()][0],
  };
}
