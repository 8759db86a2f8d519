import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { CinelakeError } from "@cinelake/contracts";

/** Who holds a data directory, and where it listens for commands. */
export interface Owner {
  readonly pid: number;
  readonly startedAt: string;
  readonly socketPath: string;
}

export interface Ownership extends AsyncDisposable {
  readonly owner: Owner;
}

/**
 * Makes this process the one owner of an embedded data directory until disposed, or fails with `data_dir_in_use`.
 *
 * The lock is SQLite's exclusive lock on `owner.lock`: the operating system ties it to the live process, so it can neither be
 * stolen from one nor left behind by a killed one, and no pid has to be guessed alive. `owner.json` beside it is for people and
 * for commands that look for the owner's socket.
 */
export async function acquireOwnership(dataDirectory: string): Promise<Ownership> {
  await mkdir(dataDirectory, { recursive: true });
  const lock = new DatabaseSync(join(dataDirectory, "owner.lock"));
  try {
    lock.exec("PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    if (!/locked|busy/i.test(String(error))) throw error;
    throw inUse(dataDirectory, readOwner(dataDirectory));
  }
  const owner = { pid: process.pid, startedAt: new Date().toISOString(), socketPath: socketPathOf(dataDirectory) };
  await rm(owner.socketPath, { force: true });
  await writeFile(ownerFile(dataDirectory), JSON.stringify(owner));
  return {
    owner,
    async [Symbol.asyncDispose]() {
      if (!lock.isOpen) return;
      await rm(ownerFile(dataDirectory), { force: true });
      lock.close();
    },
  };
}

/** What `owner.json` says; undefined where there is none. The process may be gone: only the lock tells. */
export function readOwner(dataDirectory: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(ownerFile(dataDirectory), "utf8")) as Owner;
  } catch {
    return undefined;
  }
}

function ownerFile(dataDirectory: string): string {
  return join(dataDirectory, "owner.json");
}

/** A socket below the system's temporary folder: paths of sockets are limited to about 100 bytes, those of data directories are not. */
function socketPathOf(dataDirectory: string): string {
  const name = `cinelake-${createHash("sha256").update(resolve(dataDirectory)).digest("hex").slice(0, 16)}`;
  return process.platform === "win32" ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}

function inUse(dataDirectory: string, owner: Owner | undefined): CinelakeError {
  const who = owner ? `process ${owner.pid} (since ${owner.startedAt})` : "another process";
  return new CinelakeError(
    "data_dir_in_use",
    `${dataDirectory} belongs to ${who}; stop it, or choose another place with DATA_DIR`,
    { details: { owner } },
  );
}
