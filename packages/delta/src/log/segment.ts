import { CinelakeError } from "@cinelake/contracts/errors";
import type { ObjectInfo } from "@cinelake/object_store";
import { parseLogFile } from "./names.ts";

export interface CommitFile {
  readonly version: number;
  readonly key: string;
  /** The file's time, milliseconds since the epoch. */
  readonly timestamp: number;
}
interface CheckpointFiles {
  readonly version: number;
  readonly keys: readonly string[];
  readonly timestamp: number;
}

/** The log's files by version, ascending; only whole checkpoints. */
export interface LogListing {
  readonly commits: readonly CommitFile[];
  readonly checkpoints: readonly CheckpointFiles[];
  readonly checkpointsV2: readonly number[];
}

/** What must be read to know a version: a checkpoint, if any, and all commits after it. */
export interface LogSegment {
  readonly version: number;
  readonly checkpoint: CheckpointFiles | undefined;
  readonly commits: readonly CommitFile[];
  /** Time of the last version's file. */
  readonly timestamp: number;
}

/** Sorts a listing of the log's folder; names of other forms do not count. */
export function classifyLog(files: readonly ObjectInfo[]): LogListing {
  const commits: CommitFile[] = [];
  const checkpointsV2: number[] = [];
  const parts = new Map<string, { version: number; parts: number; files: ObjectInfo[] }>();
  for (const file of files) {
    const parsed = parseLogFile(file.key.slice(file.key.lastIndexOf("/") + 1));
    if (parsed?.kind === "commit")
      commits.push({ version: parsed.version, key: file.key, timestamp: file.lastModified });
    else if (parsed?.kind === "checkpoint_v2") checkpointsV2.push(parsed.version);
    else if (parsed && file.size > 0) {
      const id = `${parsed.version}/${parsed.parts}`;
      const group = parts.get(id) ?? { version: parsed.version, parts: parsed.parts, files: [] };
      group.files.push(file);
      parts.set(id, group);
    }
  }
  const checkpoints = Array.from(parts.values())
    .filter((group) => group.files.length === group.parts)
    .map(({ version, files }) => ({
      version,
      keys: files.map((file) => file.key),
      timestamp: Math.max(...files.map((file) => file.lastModified)),
    }))
    .sort((a, b) => a.version - b.version);
  return { commits: commits.sort((a, b) => a.version - b.version), checkpoints, checkpointsV2 };
}

/**
 * Plans how to read `version` (default the latest) from what is listed. Undefined if nothing is there at all. Fails with
 * `delta_version_not_found` where the version is not (any more) there, `delta_corrupt` where a commit is missing in between.
 */
export function planSegment(listing: LogListing, table: string, version?: number): LogSegment | undefined {
  const latest = Math.max(listing.commits.at(-1)?.version ?? -1, listing.checkpoints.at(-1)?.version ?? -1);
  if (latest < 0) {
    if (listing.checkpointsV2.length > 0) throw unsupportedV2(table);
    return undefined;
  }
  const target = version ?? latest;
  if (target > latest) throw versionNotFound(table, target, `the latest is ${latest}`);
  const checkpoint = listing.checkpoints.findLast((candidate) => candidate.version <= target);
  const start = checkpoint ? checkpoint.version + 1 : 0;
  const commits = listing.commits.filter((commit) => commit.version >= start && commit.version <= target);
  const gap = commits.findIndex((commit, index) => commit.version !== start + index);
  if (gap >= 0 || commits.length !== target - start + 1) {
    const missing = start + (gap >= 0 ? gap : commits.length);
    if (listing.checkpointsV2.some((candidate) => candidate >= missing && candidate <= target))
      throw unsupportedV2(table);
    if (!checkpoint && missing === 0 && version !== undefined)
      throw versionNotFound(table, target, "its log was cleaned up");
    throw missingCommit(table, missing);
  }
  const own = listing.commits.find((commit) => commit.version === target);
  return { version: target, checkpoint, commits, timestamp: own?.timestamp ?? checkpoint!.timestamp };
}

/** The first version that is missing between those of a list. */
export function firstHole(commits: readonly CommitFile[]): number | undefined {
  const after = commits.find((commit, index) => index > 0 && commit.version !== commits[index - 1]!.version + 1);
  return after && commits[commits.indexOf(after) - 1]!.version + 1;
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

function unsupportedV2(table: string): CinelakeError {
  return new CinelakeError(
    "delta_unsupported",
    `The table ${table} needs its v2Checkpoint files, which cannot be read yet.`,
    {
      details: { table, feature: "v2Checkpoint" },
    },
  );
}
