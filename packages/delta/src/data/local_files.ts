import type { LocalFile, ObjectStore } from "@cinelake/object_store";
import { parallel } from "./parallel.ts";

export interface LocalFiles extends AsyncDisposable {
  readonly paths: readonly string[];
}

/** The objects as files on this machine, in order, until disposed. */
export async function localFiles(store: ObjectStore, keys: readonly string[]): Promise<LocalFiles> {
  const opened: LocalFile[] = [];
  const release = async (): Promise<void> => {
    await parallel(opened.splice(0), async (file) => file[Symbol.asyncDispose]());
  };
  try {
    const files = await parallel(keys, async (key) => {
      const file = await store.localFile(key);
      opened.push(file);
      return file;
    });
    return { paths: files.map((file) => file.path), [Symbol.asyncDispose]: release };
  } catch (error) {
    await release();
    throw error;
  }
}
