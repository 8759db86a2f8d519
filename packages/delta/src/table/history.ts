import type { HistoryEntry } from "../api.ts";
import { parallel } from "../data/parallel.ts";
import { readCommitInfo } from "../log/commit_info.ts";
import { listLog } from "../log/listing.ts";
import type { LogPlace } from "../log/load.ts";
import type { TableState } from "../log/state.ts";

/** The commits that the log still holds, newest first; reads no more than `limit` of them. */
export async function history(place: LogPlace, latest: TableState, limit = Infinity): Promise<HistoryEntry[]> {
  const from = Math.max(0, latest.version + 1 - limit);
  const { commits } = await listLog(place, { from });
  const known = commits.filter(({ version }) => version <= latest.version).reverse();
  return parallel(known.slice(0, limit), async ({ version, timestamp }) => {
    const info = await readCommitInfo(place, version);
    const metrics = Object.entries(info?.operationMetrics ?? {}).map(([name, value]) => [name, String(value)] as const);
    return {
      version,
      timestamp: info?.inCommitTimestamp ?? timestamp,
      operation: info?.operation,
      userMetadata: info?.userMetadata,
      metrics: Object.fromEntries(metrics),
    };
  });
}
