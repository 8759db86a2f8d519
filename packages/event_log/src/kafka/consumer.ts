import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { CinelakeError } from "@cinelake/contracts";
import { partitionKey, type ConsumerOptions, type LogRecord, type Offsets, type TopicPartition } from "../event_log.ts";
import { GroupConsumer, type PollOptions } from "../group_consumer.ts";
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
export class KafkaConsumer extends GroupConsumer<Held> {
  readonly #cluster: KafkaCluster;
  readonly #onClosed: (consumer: KafkaConsumer) => void;
  readonly #membership: Membership;
  #absence: { readonly error: unknown } | undefined;
  #fetchError: { readonly error: unknown } | undefined;

  /** `onClosed` is called when the member has left. */
  constructor(cluster: KafkaCluster, options: ConsumerOptions, onClosed: (consumer: KafkaConsumer) => void) {
    super(options, new Signal());
    this.#cluster = cluster;
    this.#onClosed = onClosed;
    this.#membership = new Membership(cluster, options.group, this, (error) => {
      this.#absence = error === undefined ? undefined : { error };
      if (error !== undefined) this.changed.notify();
    });
  }

  protected override async commitHeld(offsets: Offsets): Promise<void> {
    await this.#membership.commit(offsets);
  }

  protected override async begin(partitions: readonly TopicPartition[], chosen: Offsets | undefined): Promise<Held[]> {
    const kept = await this.#keptOffsets(partitions);
    return partitions.map((at) => {
      const key = partitionKey(at);
      return { at, next: chosen?.get(key) ?? kept.get(key) ?? 0, fetched: [], isFetching: false };
    });
  }

  protected override async leave(): Promise<void> {
    await this.#membership.leave().finally(() => this.#onClosed(this));
  }

  protected override async pollAlone(options: PollOptions): Promise<LogRecord[]> {
    const deadline = performance.now() + options.maxWaitMs;
    for (;;) {
      if (this.leaving || options.signal?.aborted) return await setImmediate([]);
      if (this.failure) throw this.failure.error;
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
      await this.changed.wait(left, options.signal);
    }
  }

  /** Records from the partitions in turn, so that none starves. */
  #take(maxRecords: number): LogRecord[] {
    const taken: LogRecord[] = [];
    for (const key of this.inTurn()) {
      const held = this.holding.get(key)!;
      if (this.revoking.has(key) || taken.length >= maxRecords) continue;
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
        const committed = await committedOffsets(this.#cluster, this.options.group, topics);
        const { first } = await listOffsets(this.#cluster, topics);
        return new Map([...first].map(([key, offset]) => [key, Math.max(offset, committed.get(key) ?? 0)]));
      } catch (error) {
        if (this.leaving || !(error instanceof CinelakeError) || error.code !== "log_unavailable") throw error;
        this.#fetchError = { error };
        this.changed.notify();
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
      [...this.holding].filter(([key]) => !this.revoking.has(key)).map(([, held]) => held),
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
      if (helds.some((held) => this.holding.get(partitionKey(held.at)) === held)) this.#fetchError = { error };
    } finally {
      for (const held of helds) held.isFetching = false;
      this.changed.notify();
    }
  }
}
