import { CinelakeError, findError } from "@cinelake/contracts/errors";
import type { ChangeRange } from "../api.ts";
import { listLog } from "../log/listing.ts";
import type { LogPlace } from "../log/load.ts";
import { versionNotFound } from "../log/segment.ts";
import type { TableState } from "../log/state.ts";
import { versionAt } from "../log/version_at.ts";

export interface VersionRange {
  readonly from: number;
  /** Less than `from` if there is none in the range. */
  readonly to: number;
}

/**
 * The versions that a range means. One that begins right after the latest version, or at a time after it, is empty: what a reader asks
 * for who has read everything. Fails with `delta_version_not_found` for versions that do not exist.
 */
export async function versionRange(place: LogPlace, latest: TableState, range: ChangeRange): Promise<VersionRange> {
  if ("fromVersion" in range) {
    const { fromVersion: from, toVersion: to = latest.version } = range;
    for (const version of [from, to]) {
      if (!Number.isSafeInteger(version) || version < 0) {
        throw versionNotFound(place.path, version, "versions are 0, 1, 2, …");
      }
    }
    if (range.toVersion !== undefined && to < from) throw backwards(from, to);
    const last = Math.max(from - 1, to);
    if (last > latest.version) throw versionNotFound(place.path, last, `the latest is ${latest.version}`);
    return { from, to };
  }
  const { fromTimestamp, toTimestamp } = range;
  if (toTimestamp !== undefined && toTimestamp < fromTimestamp) throw backwards(fromTimestamp, toTimestamp);
  const before = await versionBefore(place, latest, fromTimestamp - 1);
  const to = toTimestamp === undefined ? latest.version : await versionBefore(place, latest, toTimestamp);
  return { from: before + 1, to };
}

/** The last version at a time, or the one before the first that there is. */
async function versionBefore(place: LogPlace, latest: TableState, timestamp: number): Promise<number> {
  try {
    return await versionAt(place, latest, timestamp);
  } catch (error) {
    if (!findError(error, "delta_version_not_found")) throw error;
    const { commits } = await listLog(place, { atLeast: latest.version });
    return (commits[0]?.version ?? latest.version + 1) - 1;
  }
}

function backwards(from: number, to: number): CinelakeError {
  return new CinelakeError("invalid_argument", `A range of changes cannot go from ${from} back to ${to}.`);
}
