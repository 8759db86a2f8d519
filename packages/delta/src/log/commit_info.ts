import { findError } from "@cinelake/contracts/errors";
import { parseCommit, type Action, type CommitInfo } from "./actions.ts";
import type { LogPlace } from "./load.ts";
import { commitKey } from "./names.ts";

const firstBytes = 16_384;

export function commitInfoOf(actions: readonly Action[]): CommitInfo | undefined {
  return actions.find((action) => action.commitInfo)?.commitInfo;
}

/**
 * The commitInfo of a version, undefined if there is none or no such commit. Most writers put it first, so that the commit's beginning
 * is enough; all of it is read only where it is not.
 */
export async function readCommitInfo(place: LogPlace, version: number): Promise<CommitInfo | undefined> {
  const key = commitKey(place.path, version);
  try {
    const start = await place.store.getRange(key, 0, firstBytes);
    const end = start.indexOf(10);
    const first = end < 0 ? undefined : commitInfoOf(parseCommit(start.subarray(0, end), key));
    if (first || (end < 0 && start.length === 0)) return first;
    return commitInfoOf(parseCommit(await place.store.get(key), key));
  } catch (error) {
    if (findError(error, "object_not_found")) return undefined;
    throw error;
  }
}
