import type * as fs from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { CinelakeError } from "@cinelake/contracts/errors";
import { RESERVED_NAME } from "./keys.ts";

/** The file operations the adapter uses; tests replace some to inject faults. */
export type Disk = typeof fs;

const MAX_FOLDERS = 10_000;

export const TEMPORARY_NAME = `${RESERVED_NAME}tmp-`;

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** True if the error says that the path does not lead to a file. */
export function isMissing(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "EISDIR", "ELOOP"].includes(errorCode(error) ?? "");
}

export function isFull(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT"].includes(errorCode(error) ?? "");
}

/** What to do about a folder that may not be written; undefined if the error says something else. */
export function refusalOf(error: unknown): string | undefined {
  const code = errorCode(error) ?? "";
  if (code === "EROFS")
    return "its file system is mounted read-only (EROFS). Mount it for writing, or put the lake elsewhere";
  if (code === "EACCES" || code === "EPERM")
    return `this process may not write there (${code}). Give its user the folder (chown) or the right to write (chmod)`;
  return undefined;
}

/** Throws what a person can act on, where the operating system's error has such a meaning; otherwise the error itself. */
export function explain(error: unknown, doing: string): never {
  const code = errorCode(error);
  if (isFull(error)) {
    throw new CinelakeError("disk_full", `${doing}: no space left. Free some space; nothing was changed`, {
      cause: error,
    });
  }
  const refusal = refusalOf(error);
  if (refusal) throw new CinelakeError("object_store_unsupported", `${doing}: ${refusal}`, { cause: error });
  if (code === "ENOTDIR" || code === "EISDIR" || code === "ENOTEMPTY") {
    throw new CinelakeError("invalid_argument", `${doing}: a key cannot be an object and a folder of others at once`, {
      cause: error,
    });
  }
  throw error;
}

/** Writes the bytes to a new hidden file in `folder` and makes them durable; leaves nothing behind on failure. */
export async function writeTemporary(disk: Disk, folder: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, TEMPORARY_NAME + randomUUID());
  const file = await disk.open(path, "wx");
  try {
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    await disk.rm(path, { force: true });
    throw error;
  }
  return path;
}

export async function syncFile(disk: Disk, path: string): Promise<void> {
  await using file = await disk.open(path, "r+");
  await file.sync();
}

/** Makes the folder's entries durable. Windows has no such call and needs none. */
export async function syncFolder(disk: Disk, path: string): Promise<void> {
  if (process.platform === "win32") return;
  await using folder = await disk.open(path, "r");
  await folder.sync();
}

/**
 * Folders below `root` that this process knows to exist durably. A folder counts once its entry and those of its parents have been
 * synced, so that an object in a folder that another writer has just made cannot vanish with the folder.
 */
export class Folders {
  readonly #disk: Disk;
  readonly #root: string;
  readonly #known = new Map<string, Promise<void>>();
  readonly #checked = new Set<string>();

  constructor(disk: Disk, root: string) {
    this.#disk = disk;
    this.#root = root;
  }

  async ensure(folder: string): Promise<void> {
    if (folder === this.#root) return;
    let known = this.#known.get(folder);
    if (!known) {
      if (this.#known.size >= MAX_FOLDERS) this.#known.clear();
      known = this.#make(folder);
      this.#known.set(folder, known);
      known.catch(() => this.#known.delete(folder));
    }
    await known;
  }

  /** Fails if a symbolic link leads to the folder or further up; a folder that does not exist passes. */
  async check(folder: string): Promise<void> {
    if (folder === this.#root || this.#known.has(folder) || this.#checked.has(folder)) return;
    const path = resolve(folder);
    const real = await this.#disk.realpath(path).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (real !== undefined && real !== path) throw throughLink(path);
    if (this.#checked.size >= MAX_FOLDERS) this.#checked.clear();
    if (real !== undefined) this.#checked.add(folder);
  }

  /** For a folder that turned out to have been removed by somebody else. */
  forget(): void {
    this.#known.clear();
    this.#checked.clear();
  }

  async #make(folder: string): Promise<void> {
    const parent = dirname(folder);
    await this.ensure(parent);
    await this.#disk.mkdir(folder).catch((error: unknown) => {
      if (errorCode(error) !== "EEXIST") throw error;
    });
    const info = await this.#disk.lstat(folder);
    if (info.isSymbolicLink()) throw throughLink(folder);
    await syncFolder(this.#disk, parent);
  }
}

function throughLink(path: string): CinelakeError {
  return new CinelakeError(
    "invalid_argument",
    `${path} is reached through a symbolic link; a store does not follow links below its root. Move the whole root instead`,
  );
}
