import { findError } from "@cinelake/contracts/errors";
import type { ObjectInfo, ObjectStore } from "@cinelake/object_store";
import type { SqlEngine } from "../engine.ts";
import { parallel } from "../data/parallel.ts";
import { parseCommit, type Action, type CommitInfo, type RemoveFile } from "./actions.ts";
import { readCheckpoint } from "./checkpoint.ts";
import { commitKey, keyBefore, lastCheckpointKey, logPrefix } from "./names.ts";
import { hasInCommitTimestamps } from "./protocol.ts";
import {
  classifyLog,
  firstHole,
  missingCommit,
  planSegment,
  type CommitFile,
  type LogListing,
  type LogSegment,
} from "./segment.ts";
import { Replay, type TableState } from "./state.ts";

export interface LogPlace {
  readonly store: ObjectStore;
  readonly path: string;
  readonly engine: SqlEngine;
}

export interface LoadedState {
  readonly state: TableState;
  readonly tombstones: ReadonlyMap<string, RemoveFile>;
}

/** The table as of a version (default the latest); undefined if there is no table at all. */
export async function loadState(place: LogPlace, version?: number): Promise<TableState | undefined> {
  return (await loadWithTombstones(place, version))?.state;
}

/** As loadState, with the files that were removed and that the log still knows. */
export async function loadWithTombstones(place: LogPlace, version?: number): Promise<LoadedState | undefined> {
  const hint = await readHint(place);
  if (hint !== undefined && (version === undefined || version >= hint)) {
    const listing = await listLog(place, hint);
    if (listing.checkpoints.some((checkpoint) => checkpoint.version >= hint)) {
      return replaySegment(place, planSegment(listing, place.path, version));
    }
  }
  return replaySegment(place, planSegment(await listLog(place), place.path, version));
}

/** The latest state, reading only what came after `known`. */
export async function refreshState(place: LogPlace, known: TableState): Promise<TableState> {
  const { commits } = await listLog(place, known.version + 1);
  if (commits.length === 0) return known;
  // The log was cleaned up behind our back: start over.
  if (commits[0]!.version !== known.version + 1) return (await loadState(place)) ?? known;
  const hole = firstHole(commits);
  if (hole !== undefined) throw missingCommit(place.path, hole);
  const replay = new Replay(known);
  const info = await replayCommits(place, replay, commits);
  return finish(replay, commits.at(-1)!, info);
}

/**
 * The table's log from a version on (default all of it). A listing that runs beside two commits may hold the second without the
 * first, so one with a hole is made again before it is believed.
 */
export async function listLog(place: LogPlace, from = 0): Promise<LogListing> {
  for (let attempt = 1; ; attempt++) {
    const files: ObjectInfo[] = [];
    const options = { startAfter: keyBefore(place.path, from) };
    for await (const file of place.store.list(logPrefix(place.path), options)) files.push(file);
    const listing = classifyLog(files);
    if (attempt === 3 || firstHole(listing.commits) === undefined) return listing;
  }
}

/** A commit's actions; undefined if the version does not exist. */
export async function readCommit(place: LogPlace, version: number): Promise<Action[] | undefined> {
  const key = commitKey(place.path, version);
  try {
    return parseCommit(await place.store.get(key), key);
  } catch (error) {
    if (findError(error, "object_not_found")) return undefined;
    throw error;
  }
}

async function replaySegment(place: LogPlace, segment: LogSegment | undefined): Promise<LoadedState | undefined> {
  if (!segment) return undefined;
  const { checkpoint, commits, version } = segment;
  const replay = new Replay();
  if (checkpoint) replay.apply(await readCheckpoint(place, checkpoint.keys));
  const info =
    commits.length > 0
      ? await replayCommits(place, replay, commits)
      : commitInfoOf((await readCommit(place, version)) ?? []);
  return { state: finish(replay, segment, info), tombstones: replay.tombstones };
}

/** Replays the commits; gives the last one's commitInfo. */
async function replayCommits(
  place: LogPlace,
  replay: Replay,
  commits: readonly CommitFile[],
): Promise<CommitInfo | undefined> {
  const read = await parallel(commits, async ({ key }) => parseCommit(await place.store.get(key), key));
  for (const actions of read) replay.apply(actions);
  return commitInfoOf(read.at(-1) ?? []);
}

function finish(
  replay: Replay,
  { version, timestamp }: Pick<LogSegment, "version" | "timestamp">,
  info: CommitInfo | undefined,
): TableState {
  const state = replay.finish(version, timestamp);
  const time = hasInCommitTimestamps(state.metadata) ? info?.inCommitTimestamp : undefined;
  return time === undefined ? state : { ...state, timestamp: time };
}

export function commitInfoOf(actions: readonly Action[]): CommitInfo | undefined {
  return actions.find((action) => action.commitInfo)?.commitInfo;
}

/** The version that `_last_checkpoint` names. It is a hint: missing, torn or senseless text counts as none. */
async function readHint(place: LogPlace): Promise<number | undefined> {
  try {
    const text = new TextDecoder().decode(await place.store.get(lastCheckpointKey(place.path)));
    const { version } = JSON.parse(text) as { version?: unknown };
    return typeof version === "number" && Number.isSafeInteger(version) && version >= 0 ? version : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError || findError(error, "object_not_found"))
      return undefined;
    throw error;
  }
}
