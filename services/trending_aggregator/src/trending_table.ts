import { findError, utcDay, type GoldTrendingNowRow } from "@cinelake/contracts";
import { openLakeTable, type LakePorts } from "@cinelake/lake";
import type { TrendingPublication } from "@cinelake/ranking";

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

/** Names under which the table's log says what its last rows count, and when they were computed. */
const RECORDS = "trending_aggregator";
const HISTORY = "trending_aggregator/history";
const COMPUTED = "trending_aggregator/computed";

export interface AppendPlan {
  /** Places of each list. */
  readonly places: number;
  /** Version of silver_ratings behind the lists. */
  readonly history: number | undefined;
  /** Rows younger than this, whoever appended them, are enough; milliseconds. */
  readonly everyMs: number;
}

/**
 * Appends the publications in one commit that also says what they count and when they were computed. So a restart does not append the
 * same again, and several aggregators of one log write as much as one. True if rows were appended.
 */
export async function appendTrending(
  ports: LakePorts & { readonly clock: () => number },
  publications: readonly TrendingPublication[],
  { places, history, everyMs }: AppendPlan,
): Promise<boolean> {
  const rows = trendingRows(publications, places);
  const [publication] = publications;
  if (rows.length === 0 || !publication) return false;
  const table = await openLakeTable(ports, "gold_trending_now", ports.clock);
  const snapshot = await table.snapshot();
  const standing = (appId: string, version: number) => ({ appId, version, expected: snapshot.transaction(appId) });
  const counted = standing(
    RECORDS,
    Object.values(publication.offsets).reduce((sum, offset) => sum + offset, 0),
  );
  const seeded = standing(HISTORY, history === undefined ? 0 : history + 1);
  const computed = standing(COMPUTED, Date.parse(publication.computed_at));
  if (counted.version === counted.expected && seeded.version === seeded.expected) return false;
  const age = computed.version - (computed.expected ?? -Infinity);
  if (age >= 0 && age < everyMs) return false;
  try {
    await table.append({ rows }, { transactions: [counted, seeded, computed] });
    return true;
  } catch (error) {
    if (findError(error, "delta_txn_conflict")) return false;
    throw error;
  }
}
