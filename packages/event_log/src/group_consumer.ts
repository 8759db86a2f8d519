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
import type { Member } from "./group.ts";
import type { Signal } from "./signal.ts";

/** What `poll` takes. */
export type PollOptions = Parameters<Consumer["poll"]>[0];

/**
 * A member of a group, wherever its log is: which partitions it holds, how they come and go, and that polls come one after the other.
 * `Held` is what an adapter keeps of each partition.
 */
export abstract class GroupConsumer<Held extends { readonly at: TopicPartition }> implements Consumer, Member {
  readonly topics: ReadonlySet<string>;
  protected readonly options: ConsumerOptions;
  /** Wakes polls that wait. */
  protected readonly changed: Signal;
  /** By `partitionKey`. */
  protected readonly holding = new Map<string, Held>();
  /** Those of them that are being given up: polls leave them out. */
  protected readonly revoking = new Set<string>();
  protected leaving: Promise<void> | undefined;
  /** What the user's callbacks failed with. */
  protected failure: { readonly error: unknown } | undefined;
  #polling: Promise<unknown> = Promise.resolve();
  #turn = 0;

  constructor(options: ConsumerOptions, changed: Signal) {
    this.topics = new Set(options.topics);
    this.options = options;
    this.changed = changed;
  }

  /** One poll; no other runs beside it. */
  protected abstract pollAlone(options: PollOptions): Promise<LogRecord[]>;
  /** Stores offsets of partitions that are held. */
  protected abstract commitHeld(offsets: Offsets): Promise<void>;
  /** What to keep of new partitions, given where the user wants to go on, if anywhere. */
  protected abstract begin(
    partitions: readonly TopicPartition[],
    chosen: Offsets | undefined,
  ): Promise<readonly Held[]>;
  protected abstract leave(): Promise<void>;

  get held(): ReadonlySet<string> {
    return new Set(this.holding.keys());
  }

  assignment(): readonly TopicPartition[] {
    return Array.from(this.holding.values(), ({ at }) => at);
  }

  poll(options: PollOptions): Promise<LogRecord[]> {
    if (this.leaving) return Promise.reject(new CinelakeError("log_unavailable", "The consumer is closed"));
    const turn = this.#polling.then(() => this.pollAlone(options));
    this.#polling = turn.catch(() => {});
    return turn;
  }

  async commit(offsets: Offsets): Promise<void> {
    const mine = new Map([...offsets].filter(([key]) => this.holding.has(key)));
    if (mine.size > 0) await this.commitHeld(mine);
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (!this.leaving) {
      this.leaving = this.leave();
      this.changed.notify();
    }
    return this.leaving;
  }

  async revoke(keys: ReadonlySet<string>): Promise<void> {
    if (keys.size === 0) return;
    for (const key of keys) this.revoking.add(key);
    // A poll that has just resolved gives its records to the caller before this goes on; later ones leave these partitions out.
    await setImmediate();
    const partitions = this.assignment().filter((at) => keys.has(partitionKey(at)));
    await this.#unlessItFails(async () => this.options.onRevoked?.(partitions));
    for (const key of keys) {
      this.holding.delete(key);
      this.revoking.delete(key);
    }
  }

  async assign(partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return;
    await this.#unlessItFails(async () => {
      const chosen = (await this.options.onAssigned?.(partitions)) ?? undefined;
      for (const held of await this.begin(partitions, chosen)) this.holding.set(partitionKey(held.at), held);
    });
    this.changed.notify();
  }

  /** The partitions held, another one first each time, so that none starves. */
  protected inTurn(): readonly string[] {
    const keys = [...this.holding.keys()];
    const start = keys.length === 0 ? 0 : this.#turn++ % keys.length;
    return [...keys.slice(start), ...keys.slice(0, start)];
  }

  /** A failure of the user's callbacks reaches the user at the next poll; the group goes on. */
  async #unlessItFails(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.failure = { error };
    }
  }
}
