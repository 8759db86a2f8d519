import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { numbersIn, readJson, removeTemporaries, replaceFile, type Disk } from "./disk.ts";
import { findFrame, FRAME_HEADER_BYTES, frameAt } from "./frame.ts";
import { baseOfName, damaged, readFully, scanFrames, segmentPath, SparseIndex, type Segment } from "./segment.ts";

export interface Recovered {
  readonly segments: Segment[];
  /** The last segment, open for reading and writing. */
  readonly file: FileHandle;
  readonly next: number;
  readonly lastTimestamp: number;
  /** What a crash left unfinished at the end, and is gone now. */
  readonly cut: { readonly path: string; readonly position: number; readonly bytes: number } | undefined;
}

const CHECKPOINT = "checkpoint.json";

/**
 * Opens the segments of a partition's folder. The last one is read through: a broken end is an append that was never acknowledged
 * and is cut off, unless whole frames follow it or an earlier, orderly close knew of more; then the file is damaged (`log_corrupt`).
 */
export async function recover(disk: Disk, folder: string): Promise<Recovered> {
  await removeTemporaries(disk, folder);
  const bases = (await disk.readdir(folder)).map(baseOfName).filter((base) => base !== undefined);
  bases.sort((a, b) => a - b);
  const segments = await Promise.all((bases.length === 0 ? [0] : bases).map((base) => readSegment(disk, folder, base)));
  const last = segments.at(-1)!;
  const file = await disk.open(last.path, bases.length === 0 ? "w+" : "r+");
  try {
    const end = await readThrough(file, last);
    const checkpoint = await readCheckpoint(disk, folder);
    if (end.next < checkpoint)
      throw damaged(last.path, end.position, `records up to offset ${checkpoint - 1} were here once`);
    const bytes = (await file.stat()).size - end.position;
    if (bytes > 0) await file.truncate(end.position);
    // A killed process may have left a whole frame that was never synced; what is about to be readable must be durable.
    await file.sync();
    last.size = end.position;
    return {
      segments,
      file,
      next: end.next,
      lastTimestamp: end.lastTimestamp,
      cut: bytes > 0 ? { path: last.path, position: end.position, bytes } : undefined,
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Notes that all records below `next` are durable, for `recover` to check. May lag behind. */
export async function writeCheckpoint(disk: Disk, folder: string, next: number): Promise<void> {
  await replaceFile(disk, join(folder, CHECKPOINT), `${JSON.stringify({ version: 1, offsets: { next } })}\n`);
}

async function readCheckpoint(disk: Disk, folder: string): Promise<number> {
  const path = join(folder, CHECKPOINT);
  const json = await readJson(disk, path);
  return json === undefined ? 0 : (numbersIn(json, "offsets", path).get("next") ?? 0);
}

async function readSegment(disk: Disk, folder: string, base: number): Promise<Segment> {
  const segment: Segment = {
    path: segmentPath(folder, base),
    base,
    size: 0,
    firstTimestamp: undefined,
    index: undefined,
  };
  const file = await disk.open(segment.path, "r").catch(() => undefined);
  if (!file) return segment;
  await using _closed = file;
  segment.size = (await file.stat()).size;
  const header = await readFully(file, 0, FRAME_HEADER_BYTES);
  if (header.length === FRAME_HEADER_BYTES && frameAt(header, 0) !== "broken")
    segment.firstTimestamp = header.readDoubleLE(24);
  return segment;
}

/** Indexes the segment that is being written. */
async function readThrough(
  file: FileHandle,
  segment: Segment,
): Promise<{ position: number; next: number; lastTimestamp: number }> {
  const size = (await file.stat()).size;
  const index = new SparseIndex();
  let [next, lastTimestamp] = [segment.base, 0];
  segment.firstTimestamp = undefined;
  const position = await scanFrames(file, 0, size, (frame, position) => {
    if (frame.base !== next) throw damaged(segment.path, position, `offset ${frame.base} stands where ${next} belongs`);
    index.add(frame, position);
    segment.firstTimestamp ??= frame.timestamp;
    next = frame.base + frame.count;
    lastTimestamp = frame.timestamp;
    return true;
  });
  const rest = await readFully(file, position, size - position);
  const later = findFrame(rest, 1, next);
  if (later !== undefined)
    throw damaged(segment.path, position, `a record is broken, and whole ones follow at byte ${position + later}`);
  segment.index = index;
  return { position, next, lastTimestamp };
}

/** Indexes a segment that is finished: every byte of it must be in order and lead to `next`, where the following one begins. */
export async function indexFinished(file: FileHandle, segment: Segment, next: number): Promise<SparseIndex> {
  const index = new SparseIndex();
  let expected = segment.base;
  const position = await scanFrames(file, 0, segment.size, (frame, position) => {
    if (frame.base !== expected)
      throw damaged(segment.path, position, `offset ${frame.base} stands where ${expected} belongs`);
    index.add(frame, position);
    expected = frame.base + frame.count;
    return true;
  });
  if (position < segment.size) throw damaged(segment.path, position, "a record is broken");
  if (expected !== next)
    throw damaged(segment.path, position, `it ends before offset ${expected}, the next file begins at ${next}`);
  return index;
}
