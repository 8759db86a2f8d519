import type { EventLog } from "@cinelake/event_log";
import type { LakePorts } from "@cinelake/lake";
import type { TrendingOptions, TrendingPublication } from "@cinelake/ranking";
import { Aggregation } from "./aggregation.ts";
import { INTEREST_TOPICS } from "./decode.ts";
import { loadTrendingGenres, loadTrendingHistory } from "./history.ts";
import { loadState } from "./saved_state.ts";

/**
 * What is trending now, computed once from the lake and everything in the log, for a command without a running aggregator. Writes
 * nothing. One publication per window.
 */
export async function currentTrending(
  ports: LakePorts & { readonly log: EventLog; readonly clock?: () => number },
  options: Partial<TrendingOptions> = {},
): Promise<TrendingPublication[]> {
  const now = (ports.clock ?? Date.now)();
  const aggregation = new Aggregation(options);
  const { films, users } = await loadTrendingHistory(ports);
  aggregation.seed(films, users);
  aggregation.useGenres((await loadTrendingGenres(ports)).genres);
  const { first, next } = await ports.log.offsets(INTEREST_TOPICS);
  // A state that cannot be used costs time only: the log says the same.
  await loadState(ports.store, ports.log, next)
    .then((saved) => saved && aggregation.restore(saved))
    .catch(() => undefined);
  for (const [key, end] of next) {
    const [topic = "", partition] = key.split("/");
    const at = { topic, partition: Number(partition) };
    for (let offset = startOf(key, aggregation, first); offset < end;) {
      const records = await ports.log.read({ ...at, offset }, { maxRecords: 1_000 });
      if (records.length === 0) break;
      aggregation.observe(records, now);
      offset = records.at(-1)!.offset + 1;
    }
  }
  return [...aggregation.publications(now)];
}

function startOf(key: string, aggregation: Aggregation, first: ReadonlyMap<string, number>): number {
  return Math.max(aggregation.offsets.get(key) ?? 0, first.get(key) ?? 0);
}
