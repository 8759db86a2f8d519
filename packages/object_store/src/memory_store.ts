import * as fs from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { CinelakeError } from "@cinelake/contracts/errors";
import { checkKey, checkPrefix, compareUtf8, resolveRange } from "./keys.ts";
import type { LocalFile, ObjectInfo, ObjectStore } from "./object_store.ts";
import { Staging } from "./staging.ts";

interface StoredObject {
  readonly bytes: Uint8Array;
  readonly lastModified: number;
}

/** Objects in this process's memory, gone with it; each call opens a store of its own. */
export function openMemoryStore(): ObjectStore {
  return new MemoryStore();
}

class MemoryStore implements ObjectStore {
  readonly url = "memory:";
  readonly #objects = new Map<string, StoredObject>();
  readonly #staging = Staging.temporary(fs);

  async get(key: string): Promise<Uint8Array> {
    return this.#existing(key).bytes.slice();
  }

  async getRange(key: string, start: number, end?: number): Promise<Uint8Array> {
    const { bytes } = this.#existing(key);
    const range = resolveRange(bytes.length, start, end);
    return bytes.slice(range.start, range.end);
  }

  async stream(key: string): Promise<Readable> {
    return Readable.from([Buffer.from(await this.get(key))], { objectMode: false });
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    checkKey(key);
    const found = this.#objects.get(key);
    return found && infoOf(key, found);
  }

  async *list(prefix: string, options: { startAfter?: string } = {}): AsyncGenerator<ObjectInfo> {
    checkPrefix(prefix);
    const startAfter = options.startAfter ?? "";
    yield* Array.from(this.#objects, ([key, object]) => infoOf(key, object))
      .filter(({ key }) => key.startsWith(prefix) && compareUtf8(key, startAfter) > 0)
      .sort((a, b) => compareUtf8(a.key, b.key));
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    checkKey(key);
    this.#objects.set(key, { bytes: Uint8Array.from(bytes), lastModified: Date.now() });
  }

  async putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    checkKey(key);
    if (this.#objects.has(key)) return false;
    await this.put(key, bytes);
    return true;
  }

  async putFile(key: string, localPath: string): Promise<void> {
    checkKey(key);
    await this.put(key, await fs.readFile(localPath));
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    this.#objects.delete(key);
  }

  async localFile(key: string): Promise<LocalFile> {
    const bytes = await this.get(key);
    const folder = await this.stagingDirectory();
    const path = join(folder.path, "object");
    await fs.writeFile(path, bytes);
    return { path, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
  }

  async stagingDirectory(): Promise<LocalFile> {
    return await this.#staging.make();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#staging.close();
    this.#objects.clear();
  }

  #existing(key: string): StoredObject {
    checkKey(key);
    const found = this.#objects.get(key);
    if (!found)
      throw new CinelakeError("object_not_found", `There is no object ${key} in memory`, { details: { key } });
    return found;
  }
}

function infoOf(key: string, object: StoredObject): ObjectInfo {
  return { key, size: object.bytes.length, lastModified: object.lastModified };
}
