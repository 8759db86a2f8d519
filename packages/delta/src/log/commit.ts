import { setTimeout as sleep } from "node:timers/promises";
import { CinelakeError } from "@cinelake/contracts/errors";
import { formatCommit, type Action, type CommitInfo } from "./actions.ts";
import { describeConflict, findConflict, type Intent } from "./conflict.ts";
import { commitInfoOf, readCommit, type LogPlace } from "./load.ts";
import { commitKey } from "./names.ts";

export interface CommitRequest {
  /** The version that the commit was made from, and its time. */
  readonly readVersion: number;
  readonly readTimestamp: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** All actions but commitInfo, for the version that the commit gets and the time it carries there. */
  actions(version: number, timestamp: number): readonly Action[];
  readonly intent: Intent;
  /** With a fresh txnId: by it a writer knows its own commit again when the store's answer was lost. */
  readonly info: CommitInfo & { readonly txnId: string };
  /** Whether the commit carries an in-commit timestamp: the present, or a millisecond after the version before it (PROTOCOL.md). */
  readonly hasTimestamp: boolean;
  /** See CommitOptions. */
  readonly guard?: ((version: number) => Promise<void>) | undefined;
}

const maxLosses = 200;
const maxFailures = 4;

/**
 * Writes the commit as the next free version and returns that. Commits that took versions in between are checked one by one.
 * Fails with `delta_conflict` or `delta_txn_conflict` if one of them stands against it, and with what the guard throws: then nothing was
 * committed. After any other error the commit may or may not be there.
 */
export async function commit(place: LogPlace, request: CommitRequest): Promise<number> {
  const { info, intent } = request;
  let version = request.readVersion + 1;
  let previous = request.readTimestamp;
  for (let losses = 0; losses < maxLosses; losses++) {
    await request.guard?.(version - 1);
    const timestamp = Math.max(request.now, previous + 1);
    const commitInfo = request.hasTimestamp ? { inCommitTimestamp: timestamp, ...info } : info;
    const bytes = formatCommit([{ commitInfo }, ...request.actions(version, timestamp)]);
    if (await putCommit(place, version, bytes, info.txnId)) return version;
    // Everything that is there by now, so that the next attempt has a chance.
    for (let winner = await readCommit(place, version); winner; winner = await readCommit(place, version)) {
      const conflict = findConflict(intent, winner);
      if (conflict) {
        const code = conflict.kind === "concurrent_transaction" ? "delta_txn_conflict" : "delta_conflict";
        throw new CinelakeError(
          code,
          `Version ${version} of ${place.path} came first and ${describeConflict(conflict)}. Read the table again and repeat.`,
          { details: { table: place.path, version, conflict: conflict.kind } },
        );
      }
      previous = commitInfoOf(winner)?.inCommitTimestamp ?? previous;
      version++;
    }
  }
  throw new CinelakeError(
    "delta_conflict",
    `${place.path} was committed to too fast: ${maxLosses} attempts lost the race.`,
    {
      details: { table: place.path, version },
    },
  );
}

/**
 * True if the version is now ours. An error of the store leaves that open: then the version is read again, and taken for ours if it
 * carries our txnId; if it is not there, the same version is tried again.
 */
export async function putCommit(place: LogPlace, version: number, bytes: Uint8Array, txnId: string): Promise<boolean> {
  for (let failures = 0; ;) {
    try {
      if (await place.store.putIfAbsent(commitKey(place.path, version), bytes)) return true;
      if (failures === 0) return false;
      return commitInfoOf((await readCommit(place, version)) ?? [])?.txnId === txnId;
    } catch (error) {
      const there = await readCommit(place, version).catch(() => undefined);
      if (there) return commitInfoOf(there)?.txnId === txnId;
      if (++failures === maxFailures || error instanceof CinelakeError) throw error;
      await sleep(20 * 2 ** failures);
    }
  }
}
