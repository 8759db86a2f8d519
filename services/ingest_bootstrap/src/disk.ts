import { statfs } from "node:fs/promises";
import { CinelakeError, findError } from "@cinelake/contracts";

const FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** Whether an error, or one of its causes, says that a disk or quota is full; DuckDB says so only in its message. */
export function isDiskFull(thrown: unknown): boolean {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 10; error = error.cause, depth++) {
    if (FULL.has((error as NodeJS.ErrnoException).code ?? "")) return true;
    if (/no space left on device|disk quota exceeded|\bENOSPC\b/i.test(error.message)) return true;
  }
  return false;
}

/** Runs `work`; a full disk below it becomes `disk_full` naming `where`, other errors pass. */
export async function namingFullDisk<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (findError(error, "disk_full") || !isDiskFull(error)) throw error;
    throw new CinelakeError(
      "disk_full",
      `No space left while writing ${where}. Free some space and run the bootstrap again; it continues where it can.`,
      { cause: error },
    );
  }
}

/** Bytes that this process may still write on the folder's file system. */
export async function availableBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

/** `disk_full` if `bytes` more do not fit, before anything is written. */
export async function requireSpace(
  directory: string,
  bytes: number,
  available: (directory: string) => Promise<number> = availableBytes,
): Promise<void> {
  const free = await available(directory);
  if (free >= bytes) return;
  throw new CinelakeError(
    "disk_full",
    `${directory} has ${megabytes(free)} MB left, ${megabytes(bytes)} MB are needed. Free some space and run the bootstrap again.`,
    { details: { directory, free, needed: bytes } },
  );
}

const megabytes = (bytes: number): string => Math.ceil(bytes / 1e6).toLocaleString("en-US");
