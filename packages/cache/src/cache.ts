/**
 * Values that may vanish at any moment. Everything in it can be made again, so no call fails for want of a server: a read that cannot be
 * answered soon is a miss, a write or deletion that cannot be done is dropped and told to `onLoss`. What a lost write should have
 * replaced may stay until its time is over.
 *
 * Guarantees (the conformance suite has a test of the same name for each):
 * - set_replaces_whole_values: a reader sees the old value or the new one, never a mix
 * - set_many_is_atomic: a reader of `getMany` sees all of a `setMany` or nothing of it
 * - ttl_expires: a value is gone after its time to live; every value has one
 * - missing_is_undefined: an expired, evicted or never set key reads as undefined
 * - eviction_at_will: the cache keeps to its size budget by dropping values; a refused write is a miss, not an error
 * - values_are_bytes: they come back as they were and are not shared with the caller
 * - delete_is_idempotent
 */
export interface Cache extends AsyncDisposable {
  /** Where it is, without a password. */
  readonly url: string;
  get(key: string): Promise<Uint8Array | undefined>;
  getMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]>;
  set(key: string, value: Uint8Array, options: { ttlSeconds: number }): Promise<void>;
  setMany(
    entries: readonly (readonly [key: string, value: Uint8Array])[],
    options: { ttlSeconds: number },
  ): Promise<void>;
  delete(key: string): Promise<void>;
}

/** A call that the cache could not do. */
export interface CacheLoss {
  readonly operation: "read" | "write";
  /**
   * - away: there is no connection
   * - slow: no answer in time
   * - busy: too many bytes are on their way already
   * - refused: by the server, or larger than the budget
   */
  readonly reason: "away" | "slow" | "busy" | "refused";
  /** For a person; never holds a password. */
  readonly detail: string;
}

/** Budget of a cache for which none is given. */
export const DEFAULT_MAX_BYTES = 64 << 20;
