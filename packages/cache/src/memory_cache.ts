import { DEFAULT_MAX_BYTES, type Cache } from "./cache.ts";
import type { CacheOptions } from "./open.ts";
import { timeToLiveMs } from "./time_to_live.ts";

interface Entry {
  readonly value: Uint8Array;
  readonly bytes: number;
  readonly expires: number;
}

/** What an entry costs besides its key and value, roughly. */
const ENTRY_BYTES = 100;

/** Values in this process's memory; those not used for longest go first when the budget is spent. Each call opens a cache of its own. */
export function openMemoryCache(options: CacheOptions): Cache {
  return new MemoryCache(options);
}

class MemoryCache implements Cache {
  readonly url = "memory:";
  readonly #maxBytes: number;
  readonly #now: () => number;
  readonly #onLoss: CacheOptions["onLoss"];
  /** In order of use, the latest last. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(options: CacheOptions) {
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
    this.#now = options.now ?? (() => performance.now());
    this.#onLoss = options.onLoss;
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
    const expires = this.#now() + timeToLiveMs(ttlSeconds);
    const fresh = new Map(
      entries.map(([key, value]) => [key, { value: Uint8Array.from(value), bytes: cost(key, value), expires }]),
    );
    const needed = fresh.values().reduce((sum, { bytes }) => sum + bytes, 0);
    for (const key of fresh.keys()) this.#remove(key);
    if (needed > this.#maxBytes) {
      const detail = `${needed} bytes do not fit into a budget of ${this.#maxBytes}`;
      this.#onLoss?.({ operation: "write", reason: "refused", detail });
      return;
    }
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
