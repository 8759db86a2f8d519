import { randomUUID } from "node:crypto";
import { hostname, tmpdir } from "node:os";
import { join, sep } from "node:path";
import { errorCode, type Disk } from "./disk.ts";
import { RESERVED_NAME } from "./keys.ts";
import type { LocalFile } from "./object_store.ts";

const DAY_MS = 86_400_000;
const PRIVATE = 0o700;

/**
 * Folders for files on their way into a store or out of it, each named after its process, so that what a crash left behind can be
 * told from what is in use.
 */
export class Staging {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #prefix: string;
  readonly #open = new Set<string>();

  private constructor(disk: Disk, folder: string, prefix: string) {
    this.#disk = disk;
    this.#folder = folder;
    this.#prefix = prefix;
  }

  /** Inside a store's root: a file gets from there to its place by a rename. */
  static within(disk: Disk, root: string): Staging {
    return new Staging(disk, join(root, `${RESERVED_NAME}staging`), "");
  }

  /** In the system's temporary folder, for stores that are elsewhere or must not be touched. */
  static temporary(disk: Disk): Staging {
    return new Staging(disk, tmpdir(), "cinelake-staging~");
  }

  /** True if the file lies in a staging folder of this kind, where only its maker can want it. */
  holds(path: string): boolean {
    return path.startsWith(this.#folder + sep + this.#prefix);
  }

  async make(): Promise<LocalFile> {
    const path = join(this.#folder, `${this.#prefix}${thisHost()}~${process.pid}~${randomUUID()}`);
    await this.#disk.mkdir(this.#folder, { recursive: true });
    await this.#disk.mkdir(path, { mode: PRIVATE });
    this.#open.add(path);
    return { path, [Symbol.asyncDispose]: () => this.#remove(path) };
  }

  /** Removes what this store's users did not dispose of. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#open, (path) => this.#remove(path)));
  }

  /** Removes folders of processes that are gone. Another machine's processes cannot be seen: theirs go after a day without change. */
  async sweep(now: number): Promise<void> {
    for (const name of await this.#disk.readdir(this.#folder).catch(() => [])) {
      if (!name.startsWith(this.#prefix)) continue;
      const path = join(this.#folder, name);
      const changed = await this.#lastChange(path);
      if (isLeftOver(name.slice(this.#prefix.length), changed, now)) await this.#removeLeftOver(path);
    }
  }

  async #remove(path: string): Promise<void> {
    this.#open.delete(path);
    await this.#disk.rm(path, { recursive: true, force: true, maxRetries: 3 });
  }

  async #removeLeftOver(path: string): Promise<void> {
    await this.#disk.rm(path, { recursive: true, force: true }).catch((error: unknown) => {
      if (!["EACCES", "EPERM"].includes(errorCode(error) ?? "")) throw error; // another user's
    });
  }

  async #lastChange(path: string): Promise<number> {
    const inside = await this.#disk.readdir(path).catch(() => []);
    const times = await Promise.all(
      [path, ...inside.map((name) => join(path, name))].map((file) =>
        this.#disk.lstat(file).then(
          (info) => info.mtimeMs,
          () => 0,
        ),
      ),
    );
    return Math.max(...times);
  }
}

/** Whether the staging folder of this name, last changed at `changed`, belongs to nobody any more. */
export function isLeftOver(name: string, changed: number, now: number): boolean {
  const [host, pid] = name.split("~");
  if (now - changed > DAY_MS) return true;
  if (host !== thisHost() || !pid) return false;
  if (Number(pid) === process.pid) return changed < now - process.uptime() * 1000;
  return !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== "ESRCH";
  }
}

function thisHost(): string {
  return encodeURIComponent(hostname()).replaceAll("~", "%7E");
}
