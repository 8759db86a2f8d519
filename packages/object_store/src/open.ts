import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import { CinelakeError } from "@cinelake/contracts/errors";
import type { ObjectStore } from "./object_store.ts";

/**
 * Opens the store behind a URL: `file:///folder` or an absolute path (made if missing), or `memory:`. Fails with `config_invalid` for
 * anything else and for a folder that cannot be used, and with `object_store_unsupported` where the file system lacks hard links.
 * The caller disposes of the store.
 */
export async function openObjectStore(url: string): Promise<ObjectStore> {
  if (url === "memory:") return (await import("./memory_store.ts")).openMemoryStore();
  const path = pathOf(url);
  if (path === undefined) {
    throw new CinelakeError(
      "config_invalid",
      `No object store for ${JSON.stringify(url)}: give file:///absolute/folder, an absolute path or memory:`,
    );
  }
  return (await import("./file_store.ts")).openFileStore(path);
}

function pathOf(url: string): string | undefined {
  if (isAbsolute(url)) return url;
  if (!url.startsWith("file:///")) return undefined;
  try {
    return fileURLToPath(url);
  } catch {
    return undefined;
  }
}
