import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** A reader that has seen enough (`| head`) closes the pipe; that is no failure. */
const CLOSED = new Set(["EPIPE", "ERR_STREAM_DESTROYED", "ERR_STREAM_PREMATURE_CLOSE", "ERR_STREAM_UNABLE_TO_PIPE"]);

/** Writes pieces to standard output, each when the one before it has been taken. */
export async function writeOut(
  pieces: AsyncIterable<string> | Readable,
  stdout: Writable,
  signal: AbortSignal,
): Promise<void> {
  const readable = pieces instanceof Readable ? pieces : Readable.from(pieces, { highWaterMark: 1 });
  try {
    await pipeline(readable, stdout, { end: false, signal });
  } catch (error) {
    if (!CLOSED.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

/** Writes a file that is there whole or not at all. */
export async function writeFileWhole(path: string, write: (path: string) => Promise<void>): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await write(temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

export async function writePieces(pieces: AsyncIterable<string>, path: string, signal: AbortSignal): Promise<void> {
  await pipeline(Readable.from(pieces, { highWaterMark: 1 }), createWriteStream(path, { flags: "wx" }), { signal });
}

/** Copies a file that `write` makes to standard output. */
export async function writeOutFile(
  write: (path: string) => Promise<void>,
  stdout: Writable,
  signal: AbortSignal,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "cinelake-read-"));
  try {
    const path = join(folder, "rows");
    await write(path);
    await writeOut(createReadStream(path), stdout, signal);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
