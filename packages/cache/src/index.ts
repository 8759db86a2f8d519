export type { Cache } from "./cache.ts";
export { openCache, type CacheOptions } from "./open.ts";
