import { join } from "node:path";
import { isMissing, TEMPORARY_NAME, type Disk } from "./disk.ts";
import { compareUtf8, RESERVED_NAME } from "./keys.ts";
import type { ObjectInfo } from "./object_store.ts";

const STATS_AT_ONCE = 64;
const ORPHAN_AGE_MS = 3_600_000;

interface Wanted {
  readonly prefix: string;
  readonly startAfter: string;
}

/**
 * Objects below `root` in UTF-8 order of their keys. Holds the names of one folder per level in memory, no more; files and folders
 * that vanish meanwhile are left out. Temporary files that a crash left behind over an hour before `now` are removed on the way;
 * without `now` nothing is.
 */
export async function* listFiles(disk: Disk, root: string, wanted: Wanted, now?: number): AsyncGenerator<ObjectInfo> {
  let keys: string[] = [];
  for await (const key of walk(disk, root, wanted.prefix.slice(0, wanted.prefix.lastIndexOf("/") + 1), wanted, now)) {
    keys.push(key);
    if (keys.length === STATS_AT_ONCE) {
      yield* await infos(disk, root, keys);
      keys = [];
    }
  }
  yield* await infos(disk, root, keys);
}

/** Keys in `folder` ("" or "a/b/") and below. */
async function* walk(disk: Disk, root: string, folder: string, wanted: Wanted, now?: number): AsyncGenerator<string> {
  for (const key of await keysIn(disk, root, folder, wanted, now)) {
    if (key.endsWith("/")) yield* walk(disk, root, key, wanted, now);
    else yield key;
  }
}

/** The folder's wanted files and subfolders, these with "/" at their end, which is what puts them in the order of their keys. */
async function keysIn(disk: Disk, root: string, folder: string, wanted: Wanted, now?: number): Promise<string[]> {
  const keys: string[] = [];
  try {
    for await (const entry of await disk.opendir(join(root, folder), { bufferSize: 1024 })) {
      if (entry.name.startsWith(RESERVED_NAME)) {
        if (now !== undefined && entry.name.startsWith(TEMPORARY_NAME))
          await removeOrphan(disk, join(root, folder, entry.name), now);
      } else if (entry.isDirectory()) {
        const key = `${folder}${entry.name}/`;
        if (mayHold(key, wanted)) keys.push(key);
      } else if (entry.isFile()) {
        const key = folder + entry.name;
        if (key.startsWith(wanted.prefix) && compareUtf8(key, wanted.startAfter) > 0) keys.push(key);
      }
    }
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return keys.sort(compareUtf8);
}

/** Whether any key that starts with `folder` can be wanted. */
function mayHold(folder: string, { prefix, startAfter }: Wanted): boolean {
  if (!folder.startsWith(prefix) && !prefix.startsWith(folder)) return false;
  return startAfter.startsWith(folder) || compareUtf8(folder, startAfter) > 0;
}

async function infos(disk: Disk, root: string, keys: readonly string[]): Promise<ObjectInfo[]> {
  const found = await Promise.all(keys.map((key) => infoOf(disk, join(root, key), key)));
  return found.filter((info) => info !== undefined);
}

export async function infoOf(disk: Disk, path: string, key: string): Promise<ObjectInfo | undefined> {
  try {
    const info = await disk.lstat(path);
    return info.isFile() ? { key, size: info.size, lastModified: Math.floor(info.mtimeMs) } : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function removeOrphan(disk: Disk, path: string, now: number): Promise<void> {
  try {
    if (now - (await disk.lstat(path)).mtimeMs > ORPHAN_AGE_MS) await disk.unlink(path);
  } catch {
    // Somebody else's turn: its writer has just finished, another listing was faster, or this process may not write here.
  }
}
