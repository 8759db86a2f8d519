import { CinelakeError } from "@cinelake/contracts";
import type { Cache, CacheLoss } from "./cache.ts";

export interface CacheOptions {
  /** Budget for keys and values together; 64 MiB by default. A server's URL may say it too (`max_bytes`), which goes before. */
  readonly maxBytes?: number;
  /** Told of each call that could not be done. */
  readonly onLoss?: (loss: CacheLoss) => void;
  /** `memory:` only: milliseconds that never run backwards; the process's own clock by default. */
  readonly now?: () => number;
}

/**
 * Opens the cache behind a URL: `memory:`, or `redis://` and `rediss://` (TLS) with `user:password@host:port/database`. Fails with
 * `config_invalid` for anything else, and for a server that refuses the credentials or the database; a server that is away is waited for
 * behind the caller's back. The caller disposes of the cache.
 */
export async function openCache(url: string, options: CacheOptions = {}): Promise<Cache> {
  if (url === "memory:") return (await import("./memory_cache.ts")).openMemoryCache(options);
  if (/^rediss?:/i.test(url)) return (await import("./redis_cache.ts")).openRedisCache(url, options);
  const scheme = /^[^:/?#@]*:/.exec(url)?.[0] ?? "no scheme";
  throw new CinelakeError(
    "config_invalid",
    `CACHE_URL has ${scheme}, which no cache answers to: give memory: or redis://host:port/1.`,
  );
}
