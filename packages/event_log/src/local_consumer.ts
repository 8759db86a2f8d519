import { setImmediate } from "node:timers/promises";
import { CinelakeError } from "@cinelake/contracts";
import {
  partitionKey,
  type Consumer,
  type ConsumerOptions,
  type LogRecord,
  type Offsets,
  type TopicPartition,
} from "./event_log.ts";
import type { Group, Member } from "./group.ts";
import { checkRange, DEFAULT_MAX_BYTES, type Partition } from "./partition.ts";
import type { Signal } from "./signal.ts";

/** What a consumer needs of its log. */
export interface ConsumerLog {
  readonly changed: Signal;
  partition(at: TopicPartition): Partition;
  committed(group: string): Promise<Offsets>;
  commit(group: string, offsets: Offsets): Promise<void>;
}

interface Held {
  readonly partition: Partition;
  position: number;
}

/** A member of a group in this process. */
export class LocalConsumer implements Consumer, Member {
  readonly topics: ReadonlySet<string>;
  readonly #log: ConsumerLog;
  readonly #group: Group;
  readonly #options: ConsumerOptions;
  readonly #held = new Map<string, Held>();
  readonly #revoking = new Set<string>();
  #polling: Promise<unknown> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;
  #leaving: Promise<void> | undefined;
  #turn = 0;

  constructor(log: ConsumerLog, group: Group, options: ConsumerOptions) {
    this.topics = new Set(options.topics);
    this.#log = log;
    this.#group = group;
    this.#options = options;
  }

  get held(): ReadonlySet<string> {
    return new Set(this.#held.keys());
  }

  assignment(): readonly TopicPartition[] {
    return Array.from(this.#held.values(), ({ partition }) => partition.at);
  }

  poll(options: { maxRecords: number; maxWaitMs: number; signal?: AbortSignal }): Promise<LogRecord[]> {
    if (this.#leaving) return Promise.reject(new CinelakeError("log_unavailable", "The consumer is closed"));
    const turn = this.#polling.then(() => this.#poll(options));
    this.#polling = turn.catch(() => {});
    return turn;
  }

  async commit(offsets: Offsets): Promise<void> {
    const mine = new Map([...offsets].filter(([key]) => this.#held.has(key)));
    if (mine.size > 0) await this.#log.commit(this.#options.group, mine);
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (!this.#leaving) {
      this.#leaving = this.#group.leave(this);
      this.#log.changed.notify();
    }
    return this.#leaving;
  }

  async revoke(keys: ReadonlySet<string>): Promise<void> {
    if (keys.size === 0) return;
    for (const key of keys) this.#revoking.add(key);
    // A poll that has just resolved gives its records to the caller before this goes on; later ones leave these partitions out.
    await setImmediate();
    const partitions = this.assignment().filter((at) => keys.has(partitionKey(at)));
    await this.#unlessItFails(async () => this.#options.onRevoked?.(partitions));
    for (const key of keys) {
      this.#held.delete(key);
      this.#revoking.delete(key);
    }
  }

  async assign(partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return;
    await this.#unlessItFails(async () => {
      const chosen = await this.#options.onAssigned?.(partitions);
      const committed = await this.#log.committed(this.#options.group);
      for (const at of partitions) {
        const key = partitionKey(at);
        const partition = this.#log.partition(at);
        const position = chosen?.get(key) ?? Math.max(committed.get(key) ?? 0, partition.first);
        this.#held.set(key, { partition, position });
      }
    });
    this.#log.changed.notify();
  }

  async #poll(options: { maxRecords: number; maxWaitMs: number; signal?: AbortSignal }): Promise<LogRecord[]> {
    const deadline = performance.now() + options.maxWaitMs;
    for (;;) {
      if (this.#leaving || options.signal?.aborted) return await setImmediate([]);
      if (this.#failure) throw this.#failure.error;
      const records = await this.#take(options.maxRecords);
      if (records.length > 0) return records;
      const left = deadline - performance.now();
      if (left <= 0) return [];
      if (!this.#hasMore()) await this.#log.changed.wait(left, options.signal);
    }
  }

  /** Records from the partitions in turn, so that none starves. */
  async #take(maxRecords: number): Promise<LogRecord[]> {
    const keys = [...this.#held.keys()];
    const start = keys.length === 0 ? 0 : this.#turn++ % keys.length;
    const taken: LogRecord[] = [];
    for (const key of [...keys.slice(start), ...keys.slice(0, start)]) {
      const held = this.#held.get(key);
      if (taken.length >= maxRecords || !held || this.#revoking.has(key)) continue;
      let records: LogRecord[];
      try {
        checkRange(held.partition, held.position);
        if (held.partition.next === held.position) continue;
        const limits = { maxRecords: maxRecords - taken.length, maxBytes: DEFAULT_MAX_BYTES };
        records = await held.partition.read(held.position, limits);
      } catch (error) {
        if (taken.length === 0) throw error;
        break;
      }
      if (this.#held.get(key) !== held) continue;
      if (records.length > 0) held.position = records.at(-1)!.offset + 1;
      taken.push(...records);
    }
    return taken.filter((record) => this.#held.has(partitionKey(record)) && !this.#revoking.has(partitionKey(record)));
  }

  #hasMore(): boolean {
    if (this.#leaving || this.#failure) return true;
    return this.#held
      .entries()
      .some(([key, { partition, position }]) => !this.#revoking.has(key) && partition.next !== position);
  }

  /** A failure of the user's callbacks reaches the user at the next poll; the group goes on. */
  async #unlessItFails(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#failure = { error };
    }
  }
}
