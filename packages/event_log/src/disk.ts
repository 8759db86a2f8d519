import type * as fs from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import { CinelakeError } from "@cinelake/contracts";

/** The file operations the log uses; tests replace some to inject faults. */
export type Disk = typeof fs;

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Throws what a person can act on. */
export function explain(error: unknown, doing: string): never {
  if (error instanceof CinelakeError) throw error;
  const code = errorCode(error);
  if (code === "ENOSPC" || code === "EDQUOT") {
    throw new CinelakeError("disk_full", `${doing}: no space left. Free some space and try again`, { cause: error });
  }
  throw new CinelakeError("log_unavailable", `${doing}: ${String(error)}`, { cause: error });
}

/** Makes the folder's entries durable. Windows has no such call and needs none. */
export async function syncFolder(disk: Disk, path: string): Promise<void> {
  if (process.platform === "win32") return;
  await using folder = await disk.open(path, "r");
  await folder.sync();
}

/** Makes the folder and those above it, and their entries durable. */
export async function makeFolder(disk: Disk, path: string): Promise<void> {
  const first = await disk.mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let folder = path; folder.length >= first.length; folder = dirname(folder))
    await syncFolder(disk, dirname(folder));
}

const TEMPORARY = /^\.[0-9a-f-]{36}\.tmp$/;

/** Removes what `replaceFile` left in the folder when it was interrupted. */
export async function removeTemporaries(disk: Disk, folder: string): Promise<void> {
  for (const name of await disk.readdir(folder)) if (TEMPORARY.test(name)) await disk.unlink(join(folder, name));
}

/** Replaces a file: after a crash it holds the whole old text or the whole new one; the new one once this resolves. */
export async function replaceFile(disk: Disk, path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
  try {
    {
      await using file = await disk.open(temporary, "wx");
      await file.writeFile(text);
      await file.sync();
    }
    await disk.rename(temporary, path);
    await syncFolder(disk, dirname(path));
  } catch (error) {
    await disk.rm(temporary, { force: true });
    throw error;
  }
}

/** A small JSON file, undefined if it is missing; damage fails with `log_corrupt`. */
export async function readJson(disk: Disk, path: string): Promise<unknown> {
  let text: string;
  try {
    text = await disk.readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CinelakeError("log_corrupt", `${path} is not valid JSON. Restore it from a backup`, { cause: error });
  }
}

/** Whole numbers by name, as `{ "version": 1, [field]: { ... } }` holds them; anything else fails with `log_corrupt`. */
export function numbersIn(json: unknown, field: string, path: string): Map<string, number> {
  const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
  if (isObject(json) && json.version === 1) {
    const found = json[field];
    if (isObject(found) && Object.values(found).every((value) => Number.isSafeInteger(value) && Number(value) >= 0)) {
      return new Map(Object.entries(found).map(([name, value]) => [name, Number(value)]));
    }
  }
  throw new CinelakeError("log_corrupt", `${path} is not a file of this version of Cinelake. Restore it from a backup`);
}
