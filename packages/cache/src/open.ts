import { CinelakeError } from "@cinelake/contracts";
import type { Cache } from "./cache.ts";
import type { MemoryCacheOptions } from "./memory_cache.ts";

/** Settings of a cache in memory; a server has its own. */
export type CacheOptions = MemoryCacheOptions;

/** Opens the cache behind a URL: `memory:`. Fails with `config_invalid` for anything else. The caller disposes of the cache. */
export async function openCache(url: string, options: CacheOptions = {}): Promise<Cache> {
  if (url === "memory:") return (await import("./memory_cache.ts")).openMemoryCache(options);
  throw new CinelakeError("config_invalid", `No cache for ${JSON.stringify(url)}: give memory:`);
}
