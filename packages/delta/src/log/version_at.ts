import { CinelakeError } from "@cinelake/contracts/errors";
import type { Metadata } from "./actions.ts";
import { readCommitInfo } from "./commit_info.ts";
import { listLog } from "./listing.ts";
import type { LogPlace } from "./load.ts";
import { hasInCommitTimestamps } from "./protocol.ts";
import { firstVersion, type CommitFile } from "./segment.ts";
import type { TableState } from "./state.ts";

/**
 * The last version that was there at a time, of those that the log can still give. A version's time stands in its commit from the one
 * on that turned this on, and is its file's time before. Reads a number of commits that grows with the logarithm of the log. Fails with
 * `delta_version_not_found` for a time before the first.
 */
export async function versionAt(place: LogPlace, latest: TableState, timestamp: number): Promise<number> {
  const listing = await listLog(place, { atLeast: latest.version });
  const first = firstVersion(listing) ?? 0;
  const commits = listing.commits.filter(({ version }) => version >= first && version <= latest.version);
  const enabled = enablement(latest.metadata);
  const timed = commits.filter(({ version }) => version >= enabled.version);
  const untimed = withRisingTimes(commits.filter(({ version }) => version < enabled.version));
  const found =
    (timestamp >= enabled.timestamp ? await lastTimedAt(place, timed, timestamp) : undefined) ??
    untimed.findLast((commit) => commit.timestamp <= timestamp);
  if (found) return found.version;
  const start = untimed[0]?.timestamp ?? (timed[0] && (await timeOf(place, timed[0])));
  throw new CinelakeError(
    "delta_version_not_found",
    `The table ${place.path} cannot be read as of ${iso(timestamp)}: ${start === undefined ? "its log has no commit" : `its log begins at ${iso(start)} with version ${first}`}.`,
    { details: { table: place.path, timestamp, first: start } },
  );
}

/** Times of the versions that the log lists and whose time is their file's. */
export async function fileTimes(place: LogPlace, latest: TableState): Promise<ReadonlyMap<number, number>> {
  const { commits } = await listLog(place, { atLeast: latest.version });
  const enabled = enablement(latest.metadata);
  const untimed = withRisingTimes(commits.filter(({ version }) => version < enabled.version));
  return new Map(untimed.map(({ version, timestamp }) => [version, timestamp]));
}

/** The first version whose time stands in its commit, and that time (PROTOCOL.md, in-commit timestamps). */
function enablement(metadata: Metadata): { version: number; timestamp: number } {
  if (!hasInCommitTimestamps(metadata)) return { version: Infinity, timestamp: Infinity };
  const { configuration } = metadata;
  const version = Number(configuration["delta.inCommitTimestampEnablementVersion"] ?? Number.NaN);
  const timestamp = Number(configuration["delta.inCommitTimestampEnablementTimestamp"] ?? Number.NaN);
  const isKnown = Number.isFinite(version) && Number.isFinite(timestamp);
  return isKnown ? { version, timestamp } : { version: 0, timestamp: -Infinity };
}

/** File times are made to rise with the versions, for clocks go back. */
function withRisingTimes(commits: readonly CommitFile[]): CommitFile[] {
  let time = -Infinity;
  return commits.map((commit) => {
    time = Math.max(commit.timestamp, time + 1);
    return { ...commit, timestamp: time };
  });
}

async function lastTimedAt(
  place: LogPlace,
  commits: readonly CommitFile[],
  timestamp: number,
): Promise<CommitFile | undefined> {
  let [low, high] = [0, commits.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((await timeOf(place, commits[middle]!)) <= timestamp) low = middle + 1;
    else high = middle;
  }
  return commits[low - 1];
}

async function timeOf(place: LogPlace, { version, timestamp }: CommitFile): Promise<number> {
  return (await readCommitInfo(place, version))?.inCommitTimestamp ?? timestamp;
}

function iso(millis: number): string {
  return Number.isFinite(millis) && Math.abs(millis) <= 8.64e15 ? new Date(millis).toISOString() : String(millis);
}
