import type { HistoryEntry } from "../api.ts";
import { parallel } from "../data/parallel.ts";
import { commitInfoOf, listLog, readCommit, type LogPlace } from "../log/load.ts";
import { hasInCommitTimestamps } from "../log/protocol.ts";
import { versionNotFound, type CommitFile } from "../log/segment.ts";
import type { TableState } from "../log/state.ts";

/** The commits that the log still holds, newest first. */
export async function history(place: LogPlace, latest: TableState, limit = Infinity): Promise<HistoryEntry[]> {
  const { commits } = await listLog(place);
  const known = commits.filter(({ version }) => version <= latest.version).reverse();
  return parallel(known.slice(0, limit), async ({ version, timestamp }) => {
    const info = commitInfoOf((await readCommit(place, version)) ?? []);
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

/**
 * The last version that was there at a time. File times are made to rise with the versions (PROTOCOL.md), for clocks go back. Fails with
 * `delta_version_not_found` for a time before the first commit that the log holds.
 */
export async function versionAt(place: LogPlace, latest: TableState, timestamp: number): Promise<number> {
  const { commits } = await listLog(place);
  const known = commits.filter(({ version }) => version <= latest.version);
  const files = hasInCommitTimestamps(latest.metadata) ? await withCommitTimes(place, known) : known;
  let last: number | undefined;
  let time = -Infinity;
  for (const commit of files) {
    time = Math.max(commit.timestamp, time + 1);
    if (time > timestamp) break;
    last = commit.version;
  }
  if (last !== undefined) return last;
  throw versionNotFound(place.path, 0, `nothing was there at ${new Date(timestamp).toISOString()}`);
}

async function withCommitTimes(place: LogPlace, commits: readonly CommitFile[]): Promise<CommitFile[]> {
  return parallel(commits, async (commit) => {
    const info = commitInfoOf((await readCommit(place, commit.version)) ?? []);
    return { ...commit, timestamp: info?.inCommitTimestamp ?? commit.timestamp };
  });
}
