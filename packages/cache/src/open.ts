import { CinelakeError } from "@cinelake/contracts";
import type { Cache } from "./cache.ts";
import type { MemoryCacheOptions } from "./memory_cache.ts";

/** Opens the cache that a URL names: `memory:`. Fails with `config_invalid` for any other. */
export async function openCache(url: string, options: MemoryCacheOptions = {}): Promise<Cache> {
  if (url === "memory:") {
    const { createMemoryCache } = await import("./memory_cache.ts");
    return createMemoryCache(options);
  }
  throw new CinelakeError("config_invalid", `There is no cache for ${url.split(":")[0]}: use memory:`);
}
