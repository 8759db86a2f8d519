import { CinelakeError } from "@cinelake/contracts/errors";
import type { ObjectStore } from "./object_store.ts";

/** The store without its writes: they fail with `object_store_read_only` and touch nothing. Disposing disposes of the store. */
export function readOnly(store: ObjectStore): ObjectStore {
  const refuse = async (key: string): Promise<never> => {
    throw new CinelakeError(
      "object_store_read_only",
      `Cannot change ${key} in ${store.url}: the store was opened for reading only. Open it without readOnly to write`,
      { details: { key } },
    );
  };
  return {
    url: store.url,
    get: (key) => store.get(key),
    getRange: (key, start, end) => store.getRange(key, start, end),
    stream: (key) => store.stream(key),
    head: (key) => store.head(key),
    list: (prefix, options) => store.list(prefix, options),
    localFile: (key) => store.localFile(key),
    stagingDirectory: () => store.stagingDirectory(),
    put: refuse,
    putIfAbsent: refuse,
    putFile: refuse,
    delete: refuse,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
