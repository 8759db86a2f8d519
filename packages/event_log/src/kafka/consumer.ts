import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { CinelakeError } from "@cinelake/contracts";
import {
  partitionKey,
  type Consumer,
  type ConsumerOptions,
  type LogRecord,
  type Offsets,
  type TopicPartition,
} from "../event_log.ts";
import type { Member } from "../group.ts";
import { Signal } from "../signal.ts";
import type { KafkaCluster } from "./cluster.ts";
import { fetchRecords } from "./fetch.ts";
import { Membership } from "./membership.ts";
import { committedOffsets, listOffsets, outOfRange } from "./offsets.ts";

interface Held {
  readonly at: TopicPartition;
  /** Offset to fetch next; `fetched` are the records before it that were not handed out yet. */
  next: number;
  fetched: LogRecord[];
  isFetching: boolean;
}

/**
 * A member of a Kafka group. It fetches ahead: what one request gives for each partition (about a megabyte) waits in memory until it is
 * polled, and only then is more asked for.
 */
export class KafkaConsumer implements Consumer, Member {
  readonly topics: ReadonlySet<string>;
  readonly #cluster: KafkaCluster;
  readonly #options: ConsumerOptions;
  readonly #onClosed: (consumer: KafkaConsumer) => void;
  readonly #held = new Map<string, Held>();
  readonly #revoking = new Set<string>();
  readonly #changed = new Signal();
  readonly #membership: Membership;
  #polling: Promise<unknown> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;
  #absence: { readonly error: unknown } | undefined;
  #fetchError: { readonly error: unknown } | undefined;
  #leaving: Promise<void> | undefined;
  #turn = 0;

  /** `onClosed` is called when the member has left. */
  constructor(cluster: KafkaCluster, options: ConsumerOptions, onClosed: (consumer: KafkaConsumer) => void) {
    this.topics = new Set(options.topics);
    this.#cluster = cluster;
    this.#options = options;
    this.#onClosed = onClosed;
    this.#membership = new Membership(cluster, options.group, this, (error) => {
      this.#absence = error === undefined ? undefined : { error };
      if (error !== undefined) this.#changed.notify();
    });
  }

  get held(): ReadonlySet<string> {
    return new Set(this.#held.keys());
  }

  assignment(): readonly TopicPartition[] {
    return Array.from(this.#held.values(), ({ at }) => at);
  }

  poll(options: { maxRecords: number; maxWaitMs: number; signal?: AbortSignal }): Promise<LogRecord[]> {
    if (this.#leaving) return Promise.reject(new CinelakeError("log_unavailable", "The consumer is closed"));
    const turn = this.#polling.then(() => this.#poll(options));
    this.#polling = turn.catch(() => {});
    return turn;
  }

  async commit(offsets: Offsets): Promise<void> {
    const mine = new Map([...offsets].filter(([key]) => this.#held.has(key)));
    if (mine.size > 0) await this.#membership.commit(mine);
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (!this.#leaving) {
      this.#leaving = this.#membership.leave().finally(() => this.#onClosed(this));
      this.#changed.notify();
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
    await this.#unlessItFails(async () => {
      const chosen = await this.#options.onAssigned?.(partitions);
      const kept = await this.#keptOffsets(partitions);
      for (const at of partitions) {
        const key = partitionKey(at);
        const next = chosen?.get(key) ?? kept.get(key) ?? 0;
        this.#held.set(key, { at, next, fetched: [], isFetching: false });
      }
    });
    this.#changed.notify();
  }

  async #poll(options: { maxRecords: number; maxWaitMs: number; signal?: AbortSignal }): Promise<LogRecord[]> {
    const deadline = performance.now() + options.maxWaitMs;
    for (;;) {
      if (this.#leaving || options.signal?.aborted) return await setImmediate([]);
      if (this.#failure) throw this.#failure.error;
      const records = this.#take(options.maxRecords);
      const problem = this.#fetchError ?? this.#absence;
      if (records.length === 0 && problem) {
        // Said once: a caller that simply polls again waits for what comes next, instead of spinning.
        [this.#fetchError, this.#absence] = [undefined, undefined];
        throw problem.error;
      }
      this.#fetchMore();
      const left = deadline - performance.now();
      if (records.length > 0 || left <= 0) return records;
      await this.#changed.wait(left, options.signal);
    }
  }

  /** Records from the partitions in turn, so that none starves. */
  #take(maxRecords: number): LogRecord[] {
    const keys = [...this.#held.keys()];
    const start = keys.length === 0 ? 0 : this.#turn++ % keys.length;
    const taken: LogRecord[] = [];
    for (const key of [...keys.slice(start), ...keys.slice(0, start)]) {
      const held = this.#held.get(key)!;
      if (this.#revoking.has(key) || taken.length >= maxRecords) continue;
      const count = maxRecords - taken.length;
      for (const record of held.fetched.slice(0, count)) taken.push(record);
      held.fetched = held.fetched.slice(count);
    }
    return taken;
  }

  /** Where the group goes on in each partition. While the broker is away polls are told so, and it is asked again. */
  async #keptOffsets(partitions: readonly TopicPartition[]): Promise<Offsets> {
    const topics = [...new Set(partitions.map(({ topic }) => topic))];
    for (;;) {
      try {
        const committed = await committedOffsets(this.#cluster, this.#options.group, topics);
        const { first } = await listOffsets(this.#cluster, topics);
        return new Map([...first].map(([key, offset]) => [key, Math.max(offset, committed.get(key) ?? 0)]));
      } catch (error) {
        if (this.#leaving || !(error instanceof CinelakeError) || error.code !== "log_unavailable") throw error;
        this.#fetchError = { error };
        this.#changed.notify();
        await sleep(200);
      }
    }
  }

  /**
   * Starts a request to each broker for the partitions that have nothing left and for which none is under way. It waits for records only if
   * it is for all that the broker leads: a broker answers one request of a connection after the other, so that the next one for a
   * partition with more to give would stand behind one that waits for those without.
   */
  #fetchMore(): void {
    const byLeader = Map.groupBy(
      [...this.#held].filter(([key]) => !this.#revoking.has(key)).map(([, held]) => held),
      ({ at }) => this.#cluster.knownLeader(at),
    );
    for (const ofLeader of byLeader.values()) {
      const idle = ofLeader.filter(({ fetched, isFetching }) => !isFetching && fetched.length === 0);
      if (idle.length > 0) void this.#fetch(idle, idle.length === ofLeader.length ? Infinity : 0);
    }
  }

  async #fetch(helds: readonly Held[], waitMs: number): Promise<void> {
    for (const held of helds) held.isFetching = true;
    try {
      const places = helds.map(({ at, next }) => ({ ...at, offset: next }));
      const fetched = await fetchRecords(this.#cluster, places, waitMs);
      for (const held of helds) {
        const key = partitionKey(held.at);
        if (!fetched.has(key)) continue;
        const decoded = fetched.get(key);
        if (!decoded) throw await outOfRange(this.#cluster, { ...held.at, offset: held.next });
        held.fetched = decoded.records;
        held.next = decoded.next;
      }
    } catch (error) {
      // What has been lost meanwhile is nobody's concern here.
      if (helds.some((held) => this.#held.get(partitionKey(held.at)) === held)) this.#fetchError = { error };
    } finally {
      for (const held of helds) held.isFetching = false;
      this.#changed.notify();
    }
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
