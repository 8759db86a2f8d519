import { CinelakeError } from "@cinelake/contracts/errors";
import type { ObjectInfo } from "@cinelake/object_store";
import { parseLogFile } from "./names.ts";

export interface CommitFile {
  readonly version: number;
  readonly key: string;
  /** The file's time, milliseconds since the epoch. */
  readonly timestamp: number;
}

/** One checkpoint: a single file, or all its parts. */
export interface CheckpointFiles {
  readonly version: number;
  readonly keys: readonly string[];
  readonly format: "parquet" | "json";
  readonly timestamp: number;
}

/** The reconciled actions of the commits `from` to `to`, both included. */
interface CompactionFile {
  readonly from: number;
  readonly to: number;
  readonly key: string;
}

/** The log's files by version, ascending; only whole checkpoints. */
export interface LogListing {
  readonly commits: readonly CommitFile[];
  readonly checkpoints: readonly CheckpointFiles[];
  readonly compactions: readonly CompactionFile[];
}

/** What must be read to know a version: a checkpoint, if any, and what came after it, oldest first. */
export interface LogSegment {
  readonly version: number;
  readonly checkpoint: CheckpointFiles | undefined;
  /** Keys of commits and of compactions, which stand for several commits. */
  readonly entries: readonly LogEntry[];
  /** Time of the last version's file. */
  readonly timestamp: number;
}
export interface LogEntry {
  readonly key: string;
  readonly isCompaction: boolean;
}

/** Sorts a listing of the log's folder; names of other forms do not count. */
export function classifyLog(files: readonly ObjectInfo[]): LogListing {
  const commits: CommitFile[] = [];
  const compactions: CompactionFile[] = [];
  const groups = new Map<string, { version: number; format: "parquet" | "json"; parts: number; files: ObjectInfo[] }>();
  for (const file of files) {
    const parsed = parseLogFile(file.key.slice(file.key.lastIndexOf("/") + 1));
    if (parsed?.kind === "commit") {
      commits.push({ version: parsed.version, key: file.key, timestamp: file.lastModified });
    } else if (parsed?.kind === "compaction" && file.size > 0) {
      compactions.push({ from: parsed.version, to: parsed.to, key: file.key });
    } else if (parsed?.kind === "checkpoint" && file.size > 0) {
      const { id, version, format, parts } = parsed;
      const group = groups.get(id) ?? { version, format, parts, files: [] };
      group.files.push(file);
      groups.set(id, group);
    }
  }
  const checkpoints = Array.from(groups.values())
    .filter((group) => group.files.length === group.parts)
    .map(({ version, format, files: own }) => ({
      version,
      format,
      keys: own.map((file) => file.key),
      timestamp: Math.max(...own.map((file) => file.lastModified)),
    }));
  return { commits: commits.sort(byVersion), checkpoints: checkpoints.sort(byVersion), compactions };
}

/**
 * Plans how to read `version` (default the latest) from what is listed, with as few files as possible and none of `unusable` (the
 * first key of a checkpoint, the key of a compaction). Undefined if nothing is there at all. Fails with `delta_version_not_found`
 * where the version is not (any more) there, `delta_corrupt` where a commit is missing in between.
 */
export function planSegment(
  listing: LogListing,
  table: string,
  version?: number,
  unusable: ReadonlySet<string> = new Set(),
): LogSegment | undefined {
  const latest = Math.max(listing.commits.at(-1)?.version ?? -1, listing.checkpoints.at(-1)?.version ?? -1);
  if (latest < 0) return undefined;
  const target = version ?? latest;
  if (target > latest) throw versionNotFound(table, target, `the latest is ${latest}`);
  const usable = listing.checkpoints.filter(({ keys }) => !unusable.has(keys[0]!));
  const checkpoint = usable.findLast((candidate) => candidate.version <= target);
  const start = checkpoint ? checkpoint.version + 1 : 0;
  const commits = listing.commits.filter((commit) => commit.version >= start && commit.version <= target);
  const missing = firstMissing(commits, start, target);
  if (missing !== undefined) {
    const first = firstVersion(listing);
    if (!checkpoint && missing === 0 && version !== undefined && first !== undefined && first > target) {
      throw cleanedAway(table, target, first);
    }
    throw missingCommit(table, missing);
  }
  const compactions = listing.compactions.filter(({ key }) => !unusable.has(key));
  const own = listing.commits.find((commit) => commit.version === target);
  return {
    version: target,
    checkpoint,
    entries: coverCommits(commits, compactions),
    timestamp: own?.timestamp ?? checkpoint!.timestamp,
  };
}

/**
 * The fewest files that hold what these consecutive commits do. A compaction counts only where all its commits are there: it saves
 * reading, it does not stand in for a commit that is lost.
 */
export function coverCommits(
  commits: readonly CommitFile[],
  compactions: readonly { readonly from: number; readonly to: number; readonly key: string }[],
): LogEntry[] {
  const first = commits[0]?.version ?? 0;
  const byStart = Map.groupBy(
    compactions.filter(({ from, to }) => from >= first && to < first + commits.length),
    ({ from }) => from - first,
  );
  // From each commit on to the end: the number of files, and the first of them.
  const ways: { files: number; entry: LogEntry; next: number }[] = [];
  const filesFrom = (index: number): number => ways[index]?.files ?? 0;
  for (let index = commits.length - 1; index >= 0; index--) {
    const entry = { key: commits[index]!.key, isCompaction: false };
    ways[index] = { files: filesFrom(index + 1) + 1, entry, next: index + 1 };
    for (const { to, key } of byStart.get(index) ?? []) {
      const next = to - first + 1;
      const files = filesFrom(next) + 1;
      if (files < ways[index]!.files) ways[index] = { files, entry: { key, isCompaction: true }, next };
    }
  }
  const entries: LogEntry[] = [];
  for (let way = ways[0]; way; way = ways[way.next]) entries.push(way.entry);
  return entries;
}

/** The oldest version that the log can still give; undefined if none. */
export function firstVersion({ commits, checkpoints }: LogListing): number | undefined {
  return commits[0]?.version === 0 ? 0 : checkpoints[0]?.version;
}

/** The first version that is missing from `from` on up to the last commit. */
export function firstHole(commits: readonly CommitFile[], from = commits[0]?.version ?? 0): number | undefined {
  return firstMissing(commits, from, commits.at(-1)?.version ?? -1);
}

function firstMissing(commits: readonly CommitFile[], from: number, to: number): number | undefined {
  const index = commits.findIndex((commit, position) => commit.version !== from + position);
  const missing = from + (index >= 0 ? index : commits.length);
  return missing <= to ? missing : undefined;
}

function byVersion(a: { readonly version: number }, b: { readonly version: number }): number {
  return a.version - b.version;
}

export function missingCommit(table: string, version: number): CinelakeError {
  return new CinelakeError("delta_corrupt", `The log of ${table} has no commit ${version}, but later ones.`, {
    details: { table, version },
  });
}

export function versionNotFound(table: string, version: number, why: string): CinelakeError {
  return new CinelakeError("delta_version_not_found", `The table ${table} has no version ${version}: ${why}.`, {
    details: { table, version },
  });
}

function cleanedAway(table: string, version: number, first: number): CinelakeError {
  return versionNotFound(table, version, `its log was cleaned up, the table can be read from version ${first} on`);
}
