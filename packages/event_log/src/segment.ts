import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { CinelakeError } from "@cinelake/contracts";
import { frameAt, type Frame } from "./frame.ts";

const READ_BYTES = 256 << 10;
const INDEX_EVERY_BYTES = 64 << 10;

/** A file of frames, named after its first offset. */
export interface Segment {
  readonly path: string;
  readonly base: number;
  /** Bytes of whole, durable frames. */
  size: number;
  /** When its first record was written; undefined while it is empty. */
  firstTimestamp: number | undefined;
  /** Where some of its frames begin; undefined until somebody reads. */
  index: SparseIndex | undefined;
}

export function segmentPath(folder: string, base: number): string {
  return join(folder, `${String(base).padStart(20, "0")}.log`);
}

/** The first offset of the segment with this file name, undefined for other files. */
export function baseOfName(name: string): number | undefined {
  return /^\d{20}\.log$/.test(name) ? Number(name.slice(0, 20)) : undefined;
}

/** Offsets and positions of frames at least 64 KiB apart. */
export class SparseIndex {
  readonly #offsets: number[] = [];
  readonly #positions: number[] = [];

  add(frame: Frame, position: number): void {
    const last = this.#positions.at(-1);
    if (last !== undefined && position < last + INDEX_EVERY_BYTES) return;
    this.#offsets.push(frame.base);
    this.#positions.push(position);
  }

  /** Position of a frame at or before the one that holds `offset`. */
  locate(offset: number): number {
    let [low, high] = [0, this.#offsets.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#offsets[middle]! <= offset) low = middle + 1;
      else high = middle;
    }
    return this.#positions[low - 1] ?? 0;
  }
}

/** A file that stays open until it is closed and the last use has ended. */
export class SharedFile {
  readonly #file: FileHandle;
  #uses = 0;
  #closing: (() => void) | undefined;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async use<T>(work: (file: FileHandle) => Promise<T>): Promise<T> {
    this.#uses++;
    try {
      return await work(this.#file);
    } finally {
      if (--this.#uses === 0) this.#closing?.();
    }
  }

  async close(): Promise<void> {
    if (this.#uses > 0) await new Promise<void>((resolve) => (this.#closing = resolve));
    await this.#file.close();
  }
}

/**
 * Visits the whole frames in bytes [from, to) of a file, until `visit` returns false. Gives the position where it ended: `to`, or that
 * of the first bytes that are no whole frame.
 */
export async function scanFrames(
  file: FileHandle,
  from: number,
  to: number,
  visit: (frame: Frame, position: number, bytes: Buffer, at: number) => boolean,
): Promise<number> {
  let position = from;
  for (let wanted = READ_BYTES; position < to;) {
    const length = Math.min(wanted, to - position);
    const bytes = await readFully(file, position, length);
    wanted = READ_BYTES;
    let at = 0;
    while (at < bytes.length) {
      const found = frameAt(bytes, at);
      if (found === "broken") return position;
      if ("needed" in found) {
        wanted = Math.max(READ_BYTES, found.needed);
        break;
      }
      if (!visit(found, position, bytes, at)) return position;
      at += found.length;
      position += found.length;
    }
    if (at === 0 && (bytes.length < length || wanted <= length || length === to - position)) return position;
  }
  return position;
}

/** Up to `length` bytes at `position`; fewer only at the file's end. */
export async function readFully(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

export function damaged(path: string, position: number, what: string): CinelakeError {
  return new CinelakeError(
    "log_corrupt",
    `${path} is damaged at byte ${position}: ${what}. Restore the file from a backup, or move the partition's folder away to go on without its records`,
    { details: { path, position } },
  );
}
