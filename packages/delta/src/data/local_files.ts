import type { LocalFile, ObjectStore } from "@cinelake/object_store";
import { parallel } from "./parallel.ts";

export interface LocalFiles extends AsyncDisposable {
  readonly paths: readonly string[];
}

/** The objects as files on this machine, in order, until disposed. */
export function localFiles(store: ObjectStore, keys: readonly string[]): Promise<LocalFiles> {
  return openAll(keys, (key) => store.localFile(key));
}

/** Opens all, a bounded number at a time; if one fails, those that were opened are released. */
export async function openAll<T>(items: readonly T[], open: (item: T) => Promise<LocalFile>): Promise<LocalFiles> {
  const opened: LocalFile[] = [];
  const release = async (): Promise<void> => {
    await parallel(opened.splice(0), async (file) => file[Symbol.asyncDispose]());
  };
  try {
    const files = await parallel(items, async (item) => {
      const file = await open(item);
      opened.push(file);
      return file;
    });
    return { paths: files.map((file) => file.path), [Symbol.asyncDispose]: release };
  } catch (error) {
    await release();
    throw error;
  }
}
