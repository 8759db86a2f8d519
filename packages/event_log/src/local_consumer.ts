import { setImmediate } from "node:timers/promises";
import { partitionKey, type ConsumerOptions, type LogRecord, type Offsets, type TopicPartition } from "./event_log.ts";
import type { Group } from "./group.ts";
import { GroupConsumer, type PollOptions } from "./group_consumer.ts";
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
  readonly at: TopicPartition;
  readonly partition: Partition;
  position: number;
}

/** A member of a group in this process. */
export class LocalConsumer extends GroupConsumer<Held> {
  readonly #log: ConsumerLog;
  readonly #group: Group;

  constructor(log: ConsumerLog, group: Group, options: ConsumerOptions) {
    super(options, log.changed);
    this.#log = log;
    this.#group = group;
  }

  protected override async commitHeld(offsets: Offsets): Promise<void> {
    await this.#log.commit(this.options.group, offsets);
  }

  protected override async begin(partitions: readonly TopicPartition[], chosen: Offsets | undefined): Promise<Held[]> {
    const committed = await this.#log.committed(this.options.group);
    return partitions.map((at) => {
      const key = partitionKey(at);
      const partition = this.#log.partition(at);
      return { at, partition, position: chosen?.get(key) ?? Math.max(committed.get(key) ?? 0, partition.first) };
    });
  }

  protected override async leave(): Promise<void> {
    await this.#group.leave(this);
  }

  protected override async pollAlone(options: PollOptions): Promise<LogRecord[]> {
    const deadline = performance.now() + options.maxWaitMs;
    for (;;) {
      if (this.leaving || options.signal?.aborted) return await setImmediate([]);
      if (this.failure) throw this.failure.error;
      const records = await this.#take(options.maxRecords);
      if (records.length > 0) return records;
      const left = deadline - performance.now();
      if (left <= 0) return [];
      if (!this.#hasMore()) await this.changed.wait(left, options.signal);
    }
  }

  /** Records from the partitions in turn, so that none starves. */
  async #take(maxRecords: number): Promise<LogRecord[]> {
    const taken: LogRecord[] = [];
    for (const key of this.inTurn()) {
      const held = this.holding.get(key);
      if (taken.length >= maxRecords || !held || this.revoking.has(key)) continue;
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
      if (this.holding.get(key) !== held) continue;
      if (records.length > 0) held.position = records.at(-1)!.offset + 1;
      taken.push(...records);
    }
    return taken.filter((record) => this.holding.has(partitionKey(record)) && !this.revoking.has(partitionKey(record)));
  }

  #hasMore(): boolean {
    if (this.leaving || this.failure) return true;
    return this.holding
      .entries()
      .some(([key, { partition, position }]) => !this.revoking.has(key) && partition.next !== position);
  }
}
