import { findError, utcDay, type GoldTrendingNowRow } from "@cinelake/contracts";
import { openLakeTable, type LakePorts } from "@cinelake/lake";
import type { TrendingPublication } from "@cinelake/ranking";

const APP_ID = "trending_aggregator";

/** Rows of gold_trending_now for a set of publications: the first `places` of every list. */
function trendingRows(publications: readonly TrendingPublication[], places: number): GoldTrendingNowRow[] {
  return publications.flatMap(({ window, computed_at, lists }) =>
    Object.entries(lists).flatMap(([genre, entries]) =>
      entries.slice(0, places).map((entry, index) => ({
        window,
        genre,
        rank: index + 1,
        ...entry,
        computed_ts: computed_at,
        computed_date: utcDay(Date.parse(computed_at)),
      })),
    ),
  );
}

/**
 * Appends the publications in one commit that also says how many records they count, so that a restart, or another aggregator of
 * the same log, does not append the same again. `force` appends although no record came. True if rows were appended.
 */
export async function appendTrending(
  ports: LakePorts & { readonly clock: () => number },
  publications: readonly TrendingPublication[],
  { places, force }: { readonly places: number; readonly force: boolean },
): Promise<boolean> {
  const table = await openLakeTable(ports, "gold_trending_now", ports.clock);
  const version = Object.values(publications[0]?.offsets ?? {}).reduce((sum, offset) => sum + offset, 0);
  const expected = (await table.snapshot()).transaction(APP_ID);
  const rows = trendingRows(publications, places);
  if (rows.length === 0 || (version === expected && !force)) return false;
  try {
    await table.append({ rows }, { transactions: [{ appId: APP_ID, version, expected }] });
    return true;
  } catch (error) {
    if (findError(error, "delta_txn_conflict")) return false;
    throw error;
  }
}
