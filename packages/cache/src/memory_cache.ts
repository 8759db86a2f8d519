import type { Cache } from "./cache.ts";

export interface MemoryCacheOptions {
  /** Budget for keys and values, bytes; default 256 MiB. */
  readonly maxBytes?: number;
  /** Milliseconds since the epoch; default Date.now. */
  readonly now?: () => number;
}

interface Entry {
  readonly value: Uint8Array;
  readonly expiresAt: number;
  readonly bytes: number;
}

const DEFAULT_MAX_BYTES = 256 * 1024 * 1024;

/** A cache in this process: least recently used values go first when the budget is spent. */
export function createMemoryCache({ maxBytes = DEFAULT_MAX_BYTES, now = Date.now }: MemoryCacheOptions = {}): Cache {
  // A Map keeps the order of insertion; a value that is read moves to the end, so the first is the least recently used.
  const entries = new Map<string, Entry>();
  let used = 0;

  function drop(key: string): void {
    const entry = entries.get(key);
    if (!entry) return;
    entries.delete(key);
    used -= entry.bytes;
  }

  function find(key: string): Uint8Array | undefined {
    const entry = entries.get(key);
    if (!entry) return undefined;
    drop(key);
    if (entry.expiresAt <= now()) return undefined;
    entries.set(key, entry);
    used += entry.bytes;
    return Uint8Array.from(entry.value);
  }

  function store(written: readonly (readonly [string, Uint8Array])[], ttlSeconds: number): void {
    const expiresAt = now() + ttlSeconds * 1000;
    for (const [key, value] of written) {
      drop(key);
      const bytes = Buffer.byteLength(key) + value.byteLength;
      if (bytes > maxBytes) continue;
      entries.set(key, { value: Uint8Array.from(value), expiresAt, bytes });
      used += bytes;
    }
    for (const key of entries.keys()) {
      if (used <= maxBytes) break;
      drop(key);
    }
  }

  return {
    url: "memory:",
    get: async (key) => find(key),
    getMany: async (keys) => keys.map(find),
    set: async (key, value, { ttlSeconds }) => store([[key, value]], ttlSeconds),
    setMany: async (written, { ttlSeconds }) => store(written, ttlSeconds),
    delete: async (key) => drop(key),
    [Symbol.asyncDispose]: async () => entries.clear(),
  };
}
