import { CinelakeError } from "@cinelake/contracts";
import type { Cache } from "./cache.ts";

export interface MemoryCacheOptions {
  /** Budget for keys and values together; 64 MiB by default. */
  readonly maxBytes?: number;
  /** Milliseconds that never run backwards; the process's own clock by default. */
  readonly now?: () => number;
}

interface Entry {
  readonly value: Uint8Array;
  readonly bytes: number;
  readonly expires: number;
}

/** What an entry costs besides its key and value, roughly. */
const ENTRY_BYTES = 100;

/** Values in this process's memory; those not used for longest go first when the budget is spent. Each call opens a cache of its own. */
export function openMemoryCache(options: MemoryCacheOptions = {}): Cache {
  return new MemoryCache(options.maxBytes ?? 64 << 20, options.now ?? (() => performance.now()));
}

class MemoryCache implements Cache {
  readonly url = "memory:";
  readonly #maxBytes: number;
  readonly #now: () => number;
  /** In order of use, the latest last. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(maxBytes: number, now: () => number) {
    this.#maxBytes = maxBytes;
    this.#now = now;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.#use(key);
  }

  async getMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    return keys.map((key) => this.#use(key));
  }

  async set(key: string, value: Uint8Array, options: { ttlSeconds: number }): Promise<void> {
    await this.setMany([[key, value]], options);
  }

  async setMany(
    entries: readonly (readonly [key: string, value: Uint8Array])[],
    { ttlSeconds }: { ttlSeconds: number },
  ): Promise<void> {
    if (!(ttlSeconds > 0 && ttlSeconds < Infinity)) {
      throw new CinelakeError(
        "invalid_argument",
        `A cached value needs a time to live in seconds above 0, not ${ttlSeconds}`,
      );
    }
    const expires = this.#now() + ttlSeconds * 1000;
    const fresh = new Map(
      entries.map(([key, value]) => [key, { value: Uint8Array.from(value), bytes: cost(key, value), expires }]),
    );
    const needed = fresh.values().reduce((sum, { bytes }) => sum + bytes, 0);
    for (const key of fresh.keys()) this.#remove(key);
    if (needed > this.#maxBytes) return;
    this.#makeRoom(needed);
    for (const [key, entry] of fresh) this.#entries.set(key, entry);
    this.#bytes += needed;
  }

  async delete(key: string): Promise<void> {
    this.#remove(key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#entries.clear();
    this.#bytes = 0;
  }

  #use(key: string): Uint8Array | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    if (entry.expires <= this.#now()) {
      this.#remove(key);
      return undefined;
    }
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value.slice();
  }

  /** Drops expired entries if there is no room, then those not used for longest. */
  #makeRoom(needed: number): void {
    if (this.#bytes + needed <= this.#maxBytes) return;
    const now = this.#now();
    for (const [key, { expires }] of this.#entries) if (expires <= now) this.#remove(key);
    for (const key of this.#entries.keys()) {
      if (this.#bytes + needed <= this.#maxBytes) return;
      this.#remove(key);
    }
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }
}

function cost(key: string, value: Uint8Array): number {
  return ENTRY_BYTES + 2 * key.length + value.length;
}
