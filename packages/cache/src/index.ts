export type { Cache, CacheLoss } from "./cache.ts";
export { openCache, type CacheOptions } from "./open.ts";
