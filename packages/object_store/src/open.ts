import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import { CinelakeError } from "@cinelake/contracts/errors";
import type { ObjectStore } from "./object_store.ts";
import { readOnly } from "./read_only.ts";

/**
 * Opens the store behind a URL: `file:///folder` or an absolute path (made if missing), `memory:`, or
 * `s3://bucket/prefix?endpoint=http://host:port&region=name&path_style=true` (parameters optional, credentials by the usual AWS chain,
 * never in the URL). Fails with `config_invalid` for anything else and for what cannot be reached or used, and with
 * `object_store_unsupported` where writers could overwrite each other: a file system without hard links, an S3 service that ignores
 * `If-None-Match`. With `readOnly` nothing is written near the data, not even to try it, and a folder must exist. The caller disposes.
 */
export async function openObjectStore(url: string, options: { readOnly?: boolean } = {}): Promise<ObjectStore> {
  const store = await openAdapter(url, options.readOnly ?? false);
  return options.readOnly ? readOnly(store) : store;
}

async function openAdapter(url: string, readOnly: boolean): Promise<ObjectStore> {
  if (url === "memory:") return (await import("./memory_store.ts")).openMemoryStore();
  if (url.startsWith("s3:")) {
    const adapter = await import("./s3_store.ts").catch(explainMissingClient);
    return adapter.openS3Store(url, { readOnly });
  }
  const path = pathOf(url);
  if (path === undefined) {
    throw new CinelakeError(
      "config_invalid",
      `No object store for ${JSON.stringify(url)}: give file:///absolute/folder, an absolute path, s3://bucket/prefix or memory:`,
    );
  }
  return (await import("./file_store.ts")).openFileStore(path, { readOnly });
}

/** The client of S3 is a package that only those install who use it. */
function explainMissingClient(cause: unknown): never {
  if (!(cause instanceof Error && "code" in cause && cause.code === "ERR_MODULE_NOT_FOUND")) throw cause;
  throw new CinelakeError("config_invalid", "Stores on S3 need the package @aws-sdk/client-s3: install it as well.", {
    cause,
  });
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
