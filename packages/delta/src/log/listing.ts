import type { ObjectInfo } from "@cinelake/object_store";
import type { LogPlace } from "./load.ts";
import { commitKey, keyBefore, logPrefix } from "./names.ts";
import { classifyLog, firstHole, type LogListing } from "./segment.ts";

export interface ListOptions {
  /** Lists only versions from here on; default all. */
  readonly from?: number;
  /** A version that must be there because somebody has seen it. */
  readonly atLeast?: number;
  /** The commit `from` is expected, too, so that its absence is a hole. */
  readonly expectsFirst?: boolean;
}

/**
 * The table's log. A listing that runs beside two commits may hold the second without the first, and some stores list late what was
 * put: one with a hole, or that ends before `atLeast`, is made again, and then commits that it lacks are asked for by name.
 */
export async function listLog(place: LogPlace, options: ListOptions = {}): Promise<LogListing> {
  const { from = 0, atLeast = -1 } = options;
  const holeOf = ({ commits }: LogListing): number | undefined => {
    const hole = firstHole(commits, options.expectsFirst ? from : undefined);
    if (hole !== undefined) return hole;
    const next = (commits.at(-1)?.version ?? from - 1) + 1;
    return next <= atLeast ? next : undefined;
  };
  let files = await Array.fromAsync(logFiles(place, from));
  for (let attempt = 1; ; attempt++) {
    const listing = classifyLog(files);
    const hole = holeOf(listing);
    if (hole === undefined) return listing;
    if (attempt === 1) {
      files = await Array.fromAsync(logFiles(place, from));
    } else {
      const missing = await place.store.head(commitKey(place.path, hole));
      if (!missing) return listing;
      files.push(missing);
    }
  }
}

/** The log's own files from a version on, in order; not those of its folders. */
export async function* logFiles(place: Pick<LogPlace, "store" | "path">, from: number): AsyncGenerator<ObjectInfo> {
  const prefix = logPrefix(place.path);
  for await (const file of place.store.list(prefix, { startAfter: keyBefore(place.path, from) })) {
    const name = file.key.slice(prefix.length);
    // Versions begin with digits, which come before `_sidecars/` and the like: those may be many.
    if (name > ":") return;
    if (!name.includes("/")) yield file;
  }
}
