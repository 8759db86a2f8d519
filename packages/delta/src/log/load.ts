import { setTimeout as sleep } from "node:timers/promises";
import { findError } from "@cinelake/contracts/errors";
import type { ObjectStore } from "@cinelake/object_store";
import type { SqlEngine } from "../engine.ts";
import { parallel } from "../data/parallel.ts";
import { parseCommit, type Action, type RemoveFile } from "./actions.ts";
import { replayCheckpoint } from "./checkpoint_read.ts";
import { commitInfoOf, readCommitInfo } from "./commit_info.ts";
import { readHint } from "./hint.ts";
import { listLog } from "./listing.ts";
import { commitKey } from "./names.ts";
import { hasInCommitTimestamps } from "./protocol.ts";
import {
  coverCommits,
  firstHole,
  missingCommit,
  planSegment,
  type LogEntry,
  type LogListing,
  type LogSegment,
} from "./segment.ts";
import { Replay, type TableState } from "./state.ts";
import { UnusableFile } from "./unusable_file.ts";

export { commitInfoOf } from "./commit_info.ts";

export interface LogPlace {
  readonly store: ObjectStore;
  readonly path: string;
  readonly engine: SqlEngine;
}

export interface LoadedState {
  readonly state: TableState;
  readonly tombstones: ReadonlyMap<string, RemoveFile>;
}

const patience = 3;

/** The table as of a version (default the latest); undefined if there is no table at all. */
export async function loadState(place: LogPlace, version?: number): Promise<TableState | undefined> {
  return load(place, version, new Replay());
}

/** As loadState, with the files that were removed and that the log still knows. */
export async function loadWithTombstones(place: LogPlace, version?: number): Promise<LoadedState | undefined> {
  const tombstones = new Map<string, RemoveFile>();
  const state = await load(place, version, new Replay({ tombstones }));
  return state && { state, tombstones };
}

/** The latest state, reading only what came after `known`. */
export async function refreshState(place: LogPlace, known: TableState): Promise<TableState> {
  const from = known.version + 1;
  const { commits, compactions } = await commitsAfter(place, known);
  if (commits.length === 0) return known;
  // The log was cleaned up behind our back: start over.
  if (commits[0]!.version !== from) return (await loadState(place)) ?? known;
  const hole = firstHole(commits);
  if (hole !== undefined) throw missingCommit(place.path, hole);
  const last = commits.at(-1)!;
  try {
    return await replayEntries(place, new Replay({ base: known }), {
      version: last.version,
      timestamp: last.timestamp,
      entries: coverCommits(commits, compactions),
    });
  } catch (error) {
    if (error instanceof UnusableFile) return (await loadState(place)) ?? known;
    throw error;
  }
}

/** Up to so many new commits are asked for by name, more are listed: a listing takes longer the longer the log is. */
const askedFor = 4;

/** What came after a state. Where its next version is not there but later ones are, or a later checkpoint, the whole log is to tell why. */
async function commitsAfter(place: LogPlace, known: TableState): Promise<Pick<LogListing, "commits" | "compactions">> {
  const from = known.version + 1;
  const versions = Array.from({ length: askedFor }, (_, index) => from + index);
  const [hint, ...found] = await Promise.all([
    readHint(place.store, place.path),
    ...versions.map((version) => place.store.head(commitKey(place.path, version))),
  ]);
  const commits = found.flatMap((info, index) =>
    info ? [{ version: versions[index]!, key: info.key, timestamp: info.lastModified }] : [],
  );
  const isWhole = commits.length < askedFor && commits.every(({ version }, index) => version === versions[index]);
  if (isWhole && (hint ?? -1) <= (commits.at(-1)?.version ?? known.version)) return { commits, compactions: [] };
  return listLog(place, { from, expectsFirst: true });
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

/** Reads a version from the newest whole checkpoint; a file that turns out to be unusable is done without where others can stand in. */
async function load(place: LogPlace, version: number | undefined, replay: Replay): Promise<TableState | undefined> {
  let listing = await firstListing(place, version);
  const unusable = new Set<string>();
  let first: UnusableFile | undefined;
  for (;;) {
    let segment: LogSegment | undefined;
    try {
      segment = planSegment(listing, place.path, version, unusable);
    } catch (error) {
      throw first?.cause ?? error;
    }
    if (!segment) return undefined;
    try {
      replay.reset();
      if (segment.checkpoint) await replayCheckpoint(place, segment.checkpoint, replay);
      return await replayEntries(place, replay, segment);
    } catch (error) {
      if (!(error instanceof UnusableFile)) throw error;
      if (unusable.has(error.key)) throw error.cause;
      first ??= error;
      unusable.add(error.key);
      listing = await listLog(place, { atLeast: version });
    }
  }
}

/** From the checkpoint that `_last_checkpoint` names, if it is there and early enough; else all of the log. */
async function firstListing(place: LogPlace, version: number | undefined): Promise<LogListing> {
  const hint = await readHint(place.store, place.path);
  if (hint !== undefined && (version === undefined || version >= hint)) {
    const listing = await listLog(place, { from: hint, atLeast: version ?? hint });
    if (listing.checkpoints.some((checkpoint) => checkpoint.version <= (version ?? Infinity))) return listing;
  }
  return listLog(place, { atLeast: version ?? hint });
}

async function replayEntries(
  place: LogPlace,
  replay: Replay,
  { version, timestamp, entries }: Pick<LogSegment, "version" | "timestamp" | "entries">,
): Promise<TableState> {
  const read = await parallel(entries, (entry) => readEntry(place, entry, entry === entries.at(-1)));
  for (const actions of read) replay.apply(actions);
  const state = replay.finish(version, timestamp);
  if (!hasInCommitTimestamps(state.metadata)) return state;
  const info = commitInfoOf(read.at(-1) ?? []) ?? (await readCommitInfo(place, version));
  return info?.inCommitTimestamp === undefined ? state : { ...state, timestamp: info.inCommitTimestamp };
}

/**
 * A commit's or a compaction's actions. The last commit may be on its way yet where a writer of another kind does not write it at once:
 * a torn one is read again before it counts as damage.
 */
async function readEntry(place: LogPlace, { key, isCompaction }: LogEntry, isLast: boolean): Promise<Action[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      const actions = parseCommit(await place.store.get(key), key);
      if (actions.length > 0 || !isLast || isCompaction || attempt === patience) return actions;
    } catch (error) {
      if (findError(error, "object_not_found")) throw new UnusableFile(key, error);
      if (!findError(error, "delta_corrupt")) throw error;
      if (isCompaction) throw new UnusableFile(key, error);
      if (!isLast || attempt === patience) throw error;
    }
    await sleep(10 * 4 ** attempt);
  }
}
