import type { ObjectInfo } from "@cinelake/object_store";
import { findError } from "@cinelake/contracts/errors";
import { replayCheckpoint, sidecarsOf } from "./checkpoint_read.ts";
import { logFiles } from "./listing.ts";
import type { LogPlace } from "./load.ts";
import { parseLogFile, sidecarPrefix } from "./names.ts";
import { DAY, logRetention } from "./retention.ts";
import { classifyLog, type CheckpointFiles } from "./segment.ts";
import { Replay, type TableState } from "./state.ts";
import { UnusableFile } from "./unusable_file.ts";

/** Files looked at in one go once there is a base among them: a writer that cleans up after its commit must not wait for long. */
const enough = 256;

/**
 * Deletes what the log holds from before its retention (`delta.logRetentionDuration`, up to midnight UTC): of the checkpoints from
 * before then the newest stays as the base, with all commits from its own on, so that every version from the base on can be read.
 * Oldest first: whatever stops it, the log is whole from some version on. Does nothing where `delta.enableExpiredLogCleanup` is false.
 */
export async function cleanLog(place: LogPlace, state: TableState, now: number): Promise<void> {
  const { configuration } = state.metadata;
  if (configuration["delta.enableExpiredLogCleanup"]?.toLowerCase() === "false") return;
  const expired = await expiredFiles(place, midnight(now - logRetention(configuration)));
  const needless = await needlessFiles(place, expired);
  for (const { key } of needless) await place.store.delete(key);
  if (classifyLog(needless).checkpoints.length > 0) await cleanSidecars(place, midnight(now) - DAY);
}

/** The log's files up to the last commit that is not newer than a time, in order. */
async function expiredFiles(place: LogPlace, cutoff: number): Promise<ObjectInfo[]> {
  const files: ObjectInfo[] = [];
  let expired = 0;
  let time = -Infinity;
  let hasBase = false;
  for await (const file of logFiles(place, 0)) {
    files.push(file);
    const parsed = parsedKey(file.key);
    hasBase ||= parsed?.kind === "checkpoint";
    if (parsed?.kind !== "commit") continue;
    time = Math.max(file.lastModified, time + 1);
    if (time > cutoff) break;
    // A commit comes last of its version's files.
    expired = files.length;
    if (hasBase && expired >= enough) break;
  }
  return files.slice(0, expired);
}

/** What the newest whole checkpoint makes needless. It is read first, for everything is to rest on it. */
async function needlessFiles(place: LogPlace, expired: readonly ObjectInfo[]): Promise<readonly ObjectInfo[]> {
  for (const checkpoint of classifyLog(expired).checkpoints.toReversed()) {
    const needless = expired.filter(({ key }) => isNeedless(key, checkpoint.version));
    if (needless.length === 0 || (await isWhole(place, checkpoint))) return needless;
  }
  return [];
}

async function isWhole(place: LogPlace, checkpoint: CheckpointFiles): Promise<boolean> {
  try {
    const replay = new Replay();
    await replayCheckpoint(place, checkpoint, replay);
    replay.finish(checkpoint.version, checkpoint.timestamp);
    return true;
  } catch (error) {
    if (error instanceof UnusableFile || findError(error, "delta_corrupt")) return false;
    throw error;
  }
}

function isNeedless(key: string, base: number): boolean {
  const parsed = parsedKey(key);
  return parsed !== undefined && (parsed.version < base || (parsed.kind === "compaction" && parsed.version === base));
}

/** Deletes sidecars from before a time that no checkpoint names; none if that cannot be known. */
async function cleanSidecars(place: LogPlace, cutoff: number): Promise<void> {
  const old: string[] = [];
  for await (const { key, lastModified } of place.store.list(sidecarPrefix(place.path))) {
    if (lastModified < cutoff) old.push(key);
  }
  if (old.length === 0) return;
  const named = new Set<string>();
  try {
    for (const checkpoint of classifyLog(await Array.fromAsync(logFiles(place, 0))).checkpoints) {
      for (const key of await sidecarsOf(place, checkpoint)) named.add(key);
    }
  } catch (error) {
    if (findError(error, "delta_corrupt", "object_not_found")) return;
    throw error;
  }
  for (const key of old) if (!named.has(key)) await place.store.delete(key);
}

function parsedKey(key: string): ReturnType<typeof parseLogFile> {
  return parseLogFile(key.slice(key.lastIndexOf("/") + 1));
}

function midnight(millis: number): number {
  return Math.floor(millis / DAY) * DAY;
}
