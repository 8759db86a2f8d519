import { setImmediate as letOthersWork, setTimeout as delay } from "node:timers/promises";
import { trendingKey } from "@cinelake/contracts";
import { tailLog, type Offsets } from "@cinelake/event_log";
import type { TrendingPublication } from "@cinelake/ranking";
import { inSpan, NO_TRACING, retryDelay, type Service, type Span } from "@cinelake/runtime";
import { Aggregation } from "./aggregation.ts";
import { INTEREST_TOPICS } from "./decode.ts";
import { loadTrendingGenres, loadTrendingHistory, silverVersions } from "./history.ts";
import { reportLag } from "./lag.ts";
import { withDefaults, type TrendingAggregatorOptions, type TrendingPorts } from "./ports.ts";
import { repeat, type Repeated } from "./repeat.ts";
import { loadState, saveState } from "./saved_state.ts";
import { appendTrending } from "./trending_table.ts";

const utf8 = new TextEncoder();
/** Part of the interval after which rows are due: timers of several aggregators do not keep step. */
const APPEND_EARLY = 0.9;

/**
 * Counts what the event log says and publishes what is trending: to the cache every second and soon after new events, all windows at
 * once; to gold_trending_now every five minutes if something has come. Counts are saved with the offsets they have read and a
 * restart goes on from there; without them it reads the log again. `start` resolves once lists are in the cache. Later trouble is retried for ever
 * and told by `health`. `stop` publishes, appends and saves what was counted.
 */
export function createTrendingAggregator(
  deps: TrendingPorts & { readonly options?: TrendingAggregatorOptions },
): Service {
  const ports = { ...deps, clock: deps.clock ?? Date.now };
  const options = withDefaults(deps.options ?? {});
  const { logger, clock, metrics, tracing = NO_TRACING } = ports;
  const aggregation = new Aggregation(options.trending);
  const problems = new Map<string, string>();
  const stopping = new AbortController();
  let starting: Promise<void> | undefined;
  let stopped: Promise<void> | undefined;
  let tailing: Promise<void> | undefined;
  let publishing: Repeated | undefined;
  const repeated: Repeated[] = [];
  /** All that was in the log at the start is counted. */
  let isCaughtUp = false;
  const caughtUp = Promise.withResolvers<void>();
  /** When gold_trending_now last had all that was counted. */
  let appendedAt = clock();
  let loaded: { ratings: number | undefined; movies: number | undefined } = { ratings: undefined, movies: undefined };

  async function begin(): Promise<void> {
    await loadSilver();
    const target = await restore();
    look(target);
    await publish();
    publishing = repeat({ intervalMs: options.publishIntervalMs, soonMs: options.publishSoonMs }, () =>
      attempt("cache", publish),
    );
    stopping.signal.addEventListener("abort", () => caughtUp.resolve());
    tailing = tail(target);
    repeated.push(
      publishing,
      repeat({ intervalMs: options.historyIntervalMs }, () => attempt("silver tables", loadSilver)),
      repeat({ intervalMs: options.tableIntervalMs }, async () => {
        await caughtUp.promise;
        if (!stopping.signal.aborted) await persist(APPEND_EARLY * options.tableIntervalMs);
      }),
    );
    if (metrics) {
      // An outage is told by the tail; the figures then stay as they are.
      const report = () => reportLag(metrics, ports, aggregation.offsets).catch(() => undefined);
      repeated.push(repeat({ intervalMs: options.lagIntervalMs }, report));
    }
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

  /** Takes the saved state; gives the offsets at which the log ends now, of partitions that hold records. */
  async function restore(): Promise<Offsets> {
    const { first, next } = await ports.log.offsets(INTEREST_TOPICS);
    try {
      const saved = await loadState(ports.store, ports.log, next);
      if (saved) aggregation.restore(saved);
    } catch (error) {
      logger.warn({ err: error }, "the saved trending state cannot be used; reading the log from its beginning");
    }
    return new Map([...next].filter(([key, end]) => end > (first.get(key) ?? 0)));
  }

  function look(target: Offsets): void {
    const isBehind = ([key, end]: readonly [string, number]) => (aggregation.offsets.get(key) ?? 0) < end;
    if (isCaughtUp || [...target].some(isBehind)) return;
    isCaughtUp = true;
    caughtUp.resolve();
    publishing?.soon();
  }

  async function tail(target: Offsets): Promise<void> {
    for (let failures = 0; !stopping.signal.aborted;) {
      await attempt("event log", async () => {
        await tailLog(ports.log, {
          topics: INTEREST_TOPICS,
          from: aggregation.offsets,
          signal: stopping.signal,
          onRecords: async (records) => {
            failures = 0;
            problems.delete("event log");
            const outcomes = aggregation.observe(records, clock());
            for (const [outcome, count] of outcomes) {
              metrics?.counter("cinelake_trending_events_total").inc({ outcome }, count);
            }
            look(target);
            if (isCaughtUp && outcomes.has("counted")) publishing?.soon();
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
    metrics?.histogram("cinelake_trending_compute_duration_seconds").observe((performance.now() - began) / 1000);
    return publications;
  }

  async function publishAll(span: Span): Promise<TrendingPublication[]> {
    const publications = await compute();
    const entries = publications.map(
      (publication) => [trendingKey(publication.window), utf8.encode(JSON.stringify(publication))] as const,
    );
    span.set({
      "cinelake.pairs": aggregation.pairs,
      "cinelake.bytes": entries.reduce((sum, [, { byteLength }]) => sum + byteLength, 0),
    });
    await ports.cache.setMany(entries, { ttlSeconds: options.cacheTtlSeconds });
    return publications;
  }

  /** Until the log is read, lists that an earlier or another aggregator has put there are better. */
  async function publish(): Promise<void> {
    if (!isCaughtUp && (await ports.cache.get(trendingKey("24h")))) return;
    const publications = await inSpan(tracing, "publish trending", {}, publishAll);
    metrics?.gauge("cinelake_trending_pairs").set(aggregation.pairs);
    const behind = Math.max(0, clock() - appendedAt) / 1000;
    metrics?.gauge("cinelake_table_freshness_seconds").set({ layer: "gold", table: "gold_trending_now" }, behind);
    for (const { window } of publications) {
      metrics?.counter("cinelake_trending_publications_total").inc({ window });
    }
  }

  /** Appends the lists to the table unless rows of the last `everyMs` or of the same records are there, and saves the counts. */
  async function persist(everyMs: number): Promise<void> {
    aggregation.forget(clock());
    await attempt("gold_trending_now", async () => {
      if (!isCaughtUp) return;
      const history = loaded.ratings;
      await appendTrending(ports, await compute(), { places: options.tablePlaces, history, everyMs });
      appendedAt = clock();
    });
    await attempt("saved state", () => saveState(ports.store, aggregation.save()));
  }

  async function loadSilver(): Promise<void> {
    const current = await silverVersions(ports);
    if (current.ratings !== loaded.ratings) {
      const history = await loadTrendingHistory(ports);
      aggregation.seed(history.films, history.users);
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
    if (isCaughtUp) await attempt("cache", publish);
    await persist(0);
  }

  return {
    name: "trending_aggregator",
    start: () => (starting ??= stopping.signal.aborted ? Promise.resolve() : begin()),
    stop: () => (stopped ??= end()),
    health: async () => [...problems.values()][0],
  };
}
