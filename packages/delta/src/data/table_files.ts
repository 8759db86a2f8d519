import { openObjectStore, type LocalFile, type ObjectStore } from "@cinelake/object_store";
import type { TableContext } from "../api.ts";
import { locate, type FileLocation } from "./file_location.ts";

/**
 * The files that a table's log names, by their URIs (see `locate`). Stores beside the table's own are opened for reading only, once each;
 * local files are valid until it is disposed.
 */
export class TableFiles implements AsyncDisposable {
  readonly #context: TableContext;
  readonly #others = new Map<string, Promise<ObjectStore>>();

  constructor(context: TableContext) {
    this.#context = context;
  }

  async localFile(uri: string): Promise<LocalFile> {
    const location = locate(this.#context, uri);
    return (await this.#storeOf(location)).localFile(location.key);
  }

  /** The first bytes of a file, up to `end`. */
  async start(uri: string, end: number): Promise<Uint8Array> {
    const location = locate(this.#context, uri);
    return (await this.#storeOf(location)).getRange(location.key, 0, end);
  }

  /** The same for two URIs that name the same file. */
  identity(uri: string): string {
    const { url, key } = locate(this.#context, uri);
    return JSON.stringify([url, key]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = await Promise.allSettled(this.#others.values());
    this.#others.clear();
    for (const result of opened) if (result.status === "fulfilled") await result.value[Symbol.asyncDispose]();
  }

  #storeOf({ url }: FileLocation): Promise<ObjectStore> {
    if (url === undefined) return Promise.resolve(this.#context.store);
    const known = this.#others.get(url) ?? openObjectStore(url, { readOnly: true });
    this.#others.set(url, known);
    return known;
  }
}
