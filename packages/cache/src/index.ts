export type { Cache } from "./cache.ts";
export type { MemoryCacheOptions } from "./memory_cache.ts";
export { openCache } from "./open.ts";
