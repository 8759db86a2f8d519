import { mkdir, mkdtemp, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import { CinelakeError } from "@cinelake/contracts";
import { openPromise, type Entry, type ZipFile } from "yauzl";
import { availableBytes, isDiskFull, namingFullDisk, requireSpace } from "./disk.ts";
import type { Counter } from "./progress.ts";
import { DEFAULT_LIMITS, planExtraction, type ZipLimits } from "./zip_plan.ts";

export interface ExtractOptions {
  readonly limits?: ZipLimits;
  readonly progress?: Counter;
  readonly signal?: AbortSignal | undefined;
  /** Bytes free at a folder. */
  readonly available?: (directory: string) => Promise<number>;
}

/**
 * Extracts a data set's files (see `planExtraction`) from a zip archive into `target`, a folder that must not exist yet and appears only
 * when all of them are there, with their sizes and CRCs checked. Returns their names. Fails with `archive_invalid`, `dataset_invalid`
 * or `disk_full` and leaves nothing behind.
 */
export async function extractArchive(archive: string, target: string, options: ExtractOptions = {}): Promise<string[]> {
  return namingFullDisk(target, async () => {
    const zip = await openZip(archive);
    try {
      const plan = planExtraction(archive, await readEntries(archive, zip), options.limits ?? DEFAULT_LIMITS);
      const total = plan.values().reduce((sum, entry) => sum + entry.uncompressedSize, 0);
      await mkdir(dirname(target), { recursive: true });
      await requireSpace(dirname(target), total, options.available ?? availableBytes);
      const staging = await mkdtemp(`${target}.unpacking-`);
      try {
        let done = 0;
        for (const [name, entry] of plan) {
          await extractEntry(archive, zip, name, entry, join(staging, name), {
            signal: options.signal,
            onBytes: (bytes) => options.progress?.((done += bytes), total),
          });
        }
        await rename(staging, target);
      } catch (error) {
        await rm(staging, { recursive: true, force: true });
        throw error;
      }
      return [...plan.keys()];
    } finally {
      zip.close();
    }
  });
}

async function openZip(archive: string): Promise<ZipFile> {
  try {
    return await openPromise(archive, {
      autoClose: false,
      lazyEntries: true,
      validateEntrySizes: true,
      strictFileNames: true,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      throw new CinelakeError("dataset_invalid", `Archive ${archive} does not exist.`, { cause: error });
    }
    throw unreadable(archive, error);
  }
}

async function readEntries(archive: string, zip: ZipFile): Promise<Entry[]> {
  const entries: Entry[] = [];
  try {
    for await (const entry of zip.eachEntry()) {
      entries.push(entry);
      if (entries.length > 100_000) break;
    }
  } catch (error) {
    throw unreadable(archive, error);
  }
  return entries;
}

async function extractEntry(
  archive: string,
  zip: ZipFile,
  name: string,
  entry: Entry,
  path: string,
  { signal, onBytes }: { signal: AbortSignal | undefined; onBytes: (bytes: number) => void },
): Promise<void> {
  await using file = await open(path, "wx");
  let crc = 0;
  let size = 0;
  try {
    const stream: Readable = await zip.openReadStreamPromise(entry);
    for await (const chunk of stream) {
      signal?.throwIfAborted();
      const bytes = chunk as Buffer;
      size += bytes.length;
      if (size > entry.uncompressedSize)
        throw new Error(`${name} is longer than the ${entry.uncompressedSize} bytes declared`);
      crc = crc32(bytes, crc);
      await file.appendFile(bytes);
      onBytes(bytes.length);
    }
  } catch (error) {
    if (isDiskFull(error) || signal?.aborted) throw error;
    throw unreadable(archive, error);
  }
  if (size !== entry.uncompressedSize)
    throw unreadable(archive, `${name} has ${size} of ${entry.uncompressedSize} bytes`);
  if (crc !== entry.crc32) throw unreadable(archive, `${name} does not have the checksum that the archive states`);
  await file.sync();
}

function unreadable(archive: string, reason: unknown): CinelakeError {
  const text = reason instanceof Error ? reason.message : String(reason);
  return new CinelakeError(
    "archive_invalid",
    `Archive ${archive} is damaged, cut off or no zip file (${text}). Download it again, or name another --source.`,
    { cause: reason instanceof Error ? reason : undefined, details: { archive } },
  );
}
