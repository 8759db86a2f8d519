import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { resolve } from "node:path";

const repository = fileURLToPath(new URL("../../../", import.meta.url));

/** Path of a file that lies beside the repository (SHARED_DIR, real data sets and reference tables), or undefined where there is none. */
export function sharedFile(name: string): string | undefined {
  const path = resolve(repository, process.env.SHARED_DIR ?? "../shared", name);
  return existsSync(path) ? path : undefined;
}
