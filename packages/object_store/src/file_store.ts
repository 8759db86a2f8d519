import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import { randomUUID } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import type { Readable } from "node:stream";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { CinelakeError } from "@cinelake/contracts/errors";
import {
  errorCode,
  explain,
  Folders,
  isFull,
  isMissing,
  refusalOf,
  syncFile,
  syncFolder,
  TEMPORARY_NAME,
  writeTemporary,
  type Disk,
} from "./disk.ts";
import { infoOf, listFiles } from "./file_listing.ts";
import { checkKey, checkPrefix, resolveRange } from "./keys.ts";
import type { LocalFile, ObjectInfo, ObjectStore } from "./object_store.ts";
import { Staging } from "./staging.ts";

const NO_LINKS = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EXDEV"];

/**
 * Objects as files below `root`, which is made if missing. Any number of processes may share it, on one machine or through a file
 * system with atomic `link` and `rename`. Symbolic links below the root are no part of the store. With `readOnly` the folder must
 * exist and nothing in it is touched: its staging folders are the system's temporary ones, and writes are the caller's to refuse.
 */
export async function openFileStore(
  root: string,
  options: { disk?: Disk; readOnly?: boolean } = {},
): Promise<ObjectStore> {
  const disk = options.disk ?? fs;
  try {
    if (options.readOnly) {
      await (await disk.opendir(root)).close();
      return new FileStore(await disk.realpath(root), disk, true);
    }
    await makeRoot(disk, resolve(root));
    const store = new FileStore(await disk.realpath(root), disk, false);
    await store.probe();
    return store;
  } catch (error) {
    if (error instanceof CinelakeError) throw error;
    if (isFull(error)) explain(error, `Cannot open the store's folder ${root}`);
    const problem =
      isMissing(error) && options.readOnly ? "it is no folder. Correct the path, or make it by writing" : undefined;
    throw new CinelakeError(
      "config_invalid",
      `The store's folder ${root} cannot be used: ${problem ?? refusalOf(error) ?? String(error)}`,
      { cause: error },
    );
  }
}

async function makeRoot(disk: Disk, root: string): Promise<void> {
  const first = await disk.mkdir(root, { recursive: true });
  if (first === undefined) return;
  for (let folder = root; folder.length >= first.length; folder = dirname(folder))
    await syncFolder(disk, dirname(folder));
}

class FileStore implements ObjectStore {
  readonly url: string;
  readonly #root: string;
  readonly #disk: Disk;
  readonly #readOnly: boolean;
  readonly #folders: Folders;
  readonly #staging: Staging;

  constructor(root: string, disk: Disk, readOnly: boolean) {
    this.url = pathToFileURL(root).href;
    this.#root = root;
    this.#disk = disk;
    this.#folders = new Folders(disk, root);
    this.#staging = readOnly ? Staging.temporary(disk) : Staging.within(disk, root);
    this.#readOnly = readOnly;
  }

  /** Fails unless the folder takes files, links and syncs. Also removes what dead processes left in staging. */
  async probe(): Promise<void> {
    await this.#staging.sweep(Date.now());
    await using folder = await this.#staging.make();
    const file = await writeTemporary(this.#disk, folder.path, new Uint8Array(1));
    await this.#link(file, join(folder.path, "probe"));
    await syncFolder(this.#disk, folder.path);
  }

  async get(key: string): Promise<Uint8Array> {
    await using file = await this.#open(key);
    return await file.readFile();
  }

  async getRange(key: string, start: number, end?: number): Promise<Uint8Array> {
    await using file = await this.#open(key);
    const range = resolveRange((await file.stat()).size, start, end);
    const bytes = Buffer.alloc(range.end - range.start);
    for (let done = 0; done < bytes.length;) {
      const { bytesRead } = await file.read(bytes, done, bytes.length - done, range.start + done);
      if (bytesRead === 0)
        throw new Error(`${key} became shorter while it was read: something else writes to the store`);
      done += bytesRead;
    }
    return bytes;
  }

  async stream(key: string): Promise<Readable> {
    return (await this.#open(key)).createReadStream({ highWaterMark: 1 << 18 });
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    return await infoOf(this.#disk, await this.#locate(key), key);
  }

  async *list(prefix: string, options: { startAfter?: string } = {}): AsyncGenerator<ObjectInfo> {
    checkPrefix(prefix);
    await this.#folders.check(join(this.#root, prefix.slice(0, prefix.lastIndexOf("/") + 1)));
    const wanted = { prefix, startAfter: options.startAfter ?? "" };
    yield* listFiles(this.#disk, this.#root, wanted, this.#readOnly ? undefined : Date.now());
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    const path = this.#path(key);
    await this.#publish(
      key,
      (folder) => writeTemporary(this.#disk, folder, bytes),
      (file) => this.#disk.rename(file, path),
    );
  }

  async putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    const path = await this.#locate(key);
    if (await infoOf(this.#disk, path, key)) return false;
    let made = true;
    await this.#publish(
      key,
      (folder) => writeTemporary(this.#disk, folder, bytes),
      async (file) => {
        made = await this.#link(file, path);
        await this.#disk.rm(file, { force: true });
      },
    );
    return made;
  }

  async putFile(key: string, localPath: string): Promise<void> {
    const path = this.#path(key);
    const source = resolve(localPath);
    const info = await this.#disk.lstat(source).catch((cause: unknown) => {
      throw new CinelakeError("invalid_argument", `Cannot store ${key}: ${source} cannot be read`, { cause });
    });
    if (this.#staging.holds(source) && info.isFile() && info.nlink === 1) {
      await syncFile(this.#disk, source).catch((error: unknown) => explain(error, `Cannot store ${key}`));
      await this.#publish(
        key,
        async () => source,
        (file) => this.#disk.rename(file, path),
        false,
      );
    } else {
      await this.#publish(
        key,
        (folder) => this.#copy(source, folder),
        (file) => this.#disk.rename(file, path),
      );
    }
  }

  async delete(key: string): Promise<void> {
    const path = await this.#locate(key);
    if (!(await infoOf(this.#disk, path, key))) return;
    await this.#disk.unlink(path).catch((error: unknown) => {
      if (!isMissing(error)) explain(error, `Cannot delete ${key} in ${this.#root}`);
    });
  }

  async localFile(key: string): Promise<LocalFile> {
    if (!(await this.head(key))) throw this.#missing(key);
    return { path: this.#path(key), [Symbol.asyncDispose]: async () => {} };
  }

  async stagingDirectory(): Promise<LocalFile> {
    return await this.#staging
      .make()
      .catch((error: unknown) => explain(error, `Cannot make a staging folder for ${this.#root}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#staging.close();
  }

  #path(key: string): string {
    checkKey(key);
    if (process.platform === "win32" && /[\\:*?"<>|]/.test(key)) {
      throw new CinelakeError("invalid_argument", `Windows cannot store ${JSON.stringify(key)}`);
    }
    return join(this.#root, key);
  }

  /** The path of a key that need not exist, after a look at the folders it passes through. */
  async #locate(key: string): Promise<string> {
    const path = this.#path(key);
    await this.#folders.check(dirname(path));
    return path;
  }

  async #open(key: string): Promise<FileHandle> {
    const path = await this.#locate(key);
    try {
      const file = await this.#disk.open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
      if ((await file.stat()).isFile()) return file;
      await file.close();
    } catch (error) {
      if (!isMissing(error)) explain(error, `Cannot read ${key} in ${this.#root}`);
    }
    throw this.#missing(key);
  }

  /** Makes a file ready in the key's folder (`prepare`), puts it in its place (`place`), and makes that durable. */
  async #publish(
    key: string,
    prepare: (folder: string) => Promise<string>,
    place: (file: string) => Promise<void>,
    ownsFile = true,
  ): Promise<void> {
    const folder = dirname(join(this.#root, key));
    let file: string | undefined;
    const attempt = async (): Promise<void> => {
      await this.#folders.ensure(folder);
      file = await prepare(folder);
      await place(file);
      await syncFolder(this.#disk, folder);
    };
    try {
      await attempt().catch(async (error: unknown) => {
        if (errorCode(error) !== "ENOENT") throw error;
        this.#folders.forget();
        await attempt();
      });
    } catch (error) {
      if (file && ownsFile) await this.#disk.rm(file, { force: true });
      explain(error, `Cannot store ${key} in ${this.#root}`);
    }
  }

  /** True if `target` is now a name of `file`, false if the name was taken. */
  async #link(file: string, target: string): Promise<boolean> {
    try {
      await this.#disk.link(file, target);
      return true;
    } catch (error) {
      const code = errorCode(error) ?? "";
      if (code === "EEXIST") return false;
      if (!NO_LINKS.includes(code)) throw error;
      throw new CinelakeError(
        "object_store_unsupported",
        `The file system of ${this.#root} has no hard links (${code}); without them two writers could overwrite each other's commits. ` +
          "Put the lake on a file system that has them (ext4, xfs, btrfs, zfs, apfs, ntfs)",
        { cause: error },
      );
    }
  }

  async #copy(source: string, folder: string): Promise<string> {
    const path = join(folder, TEMPORARY_NAME + randomUUID());
    try {
      await this.#disk.copyFile(source, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      await syncFile(this.#disk, path);
      return path;
    } catch (error) {
      await this.#disk.rm(path, { force: true });
      throw error;
    }
  }

  #missing(key: string): CinelakeError {
    return new CinelakeError("object_not_found", `There is no object ${key} in ${this.#root}`, { details: { key } });
  }
}
