import { setImmediate } from "node:timers/promises";
import { CinelakeError } from "@cinelake/contracts";
import {
  partitionKey,
  type Appended,
  type Consumer,
  type ConsumerOptions,
  type EventLog,
  type LogRecord,
  type LogState,
  type NewRecord,
  type Offsets,
  type TopicPartition,
} from "./event_log.ts";
import { Group } from "./group.ts";
import { LocalConsumer, type ConsumerLog } from "./local_consumer.ts";
import { checkName, checkPartitions } from "./names.ts";
import { checkRange, closedError, DEFAULT_MAX_BYTES, type Partition } from "./partition.ts";
import { partitionOf } from "./partitioner.ts";
import type { Signal } from "./signal.ts";

/** Where a log of this process keeps its things. */
export interface Storage {
  readonly url: string;
  /** Partitions of each topic, in order. */
  readonly topics: ReadonlyMap<string, readonly Partition[]>;
  createTopics(topics: readonly { name: string; partitions: number }[]): Promise<void>;
  committed(group: string): Promise<Offsets>;
  commit(group: string, offsets: Offsets): Promise<void>;
  close(): Promise<void>;
}

/** An event log over a storage that only this process uses; `changed` is notified whenever a partition has grown. */
export class LocalLog implements EventLog, ConsumerLog {
  readonly url: string;
  readonly changed: Signal;
  readonly #storage: Storage;
  readonly #groups = new Map<string, Group>();
  #closing: Promise<void> | undefined;
  #isClosed = false;

  constructor(storage: Storage, changed: Signal) {
    this.url = storage.url;
    this.changed = changed;
    this.#storage = storage;
  }

  async createTopics(topics: readonly { name: string; partitions: number }[]): Promise<void> {
    this.#checkOpen();
    for (const { name, partitions } of topics) {
      checkName("topic", name);
      checkPartitions(name, partitions);
    }
    await this.#storage.createTopics(topics);
  }

  async topics(): Promise<ReadonlyMap<string, number>> {
    return new Map(Array.from(this.#storage.topics, ([name, partitions]) => [name, partitions.length]));
  }

  async state(): Promise<LogState> {
    this.#checkOpen();
    return { servers: 1, offline: 0, shortOfCopies: 0 };
  }

  async append(topic: string, records: readonly NewRecord[]): Promise<Appended[]> {
    this.#checkOpen();
    const partitions = this.#partitions(topic);
    const places = records.map(({ key }) => partitionOf(key, partitions.length));
    const offsets = new Map<number, Iterator<number>>();
    await Promise.all(
      Array.from(new Set(places), async (partition) => {
        const mine = records.filter((_record, index) => places[index] === partition);
        offsets.set(partition, (await partitions[partition]!.append(mine)).values());
      }),
    );
    return places.map((partition) => ({ topic, partition, offset: offsets.get(partition)!.next().value as number }));
  }

  async read(
    at: TopicPartition & { offset: number },
    limits: { maxRecords: number; maxBytes?: number; maxWaitMs?: number; signal?: AbortSignal },
  ): Promise<LogRecord[]> {
    const partition = this.partition(at);
    const deadline = performance.now() + (limits.maxWaitMs ?? 0);
    const { maxRecords, maxBytes = DEFAULT_MAX_BYTES, signal } = limits;
    for (;;) {
      this.#checkOpen();
      checkRange(partition, at.offset);
      if (maxRecords < 1 || signal?.aborted) return await setImmediate([]);
      if (partition.next > at.offset) return await partition.read(at.offset, { maxRecords, maxBytes });
      const left = deadline - performance.now();
      if (left <= 0) return [];
      await this.changed.wait(left, signal);
    }
  }

  async offsets(topics: readonly string[]): Promise<{ first: Offsets; next: Offsets }> {
    const partitions = topics.flatMap((topic) => this.#partitions(topic));
    return {
      first: new Map(partitions.map(({ at, first }) => [partitionKey(at), first])),
      next: new Map(partitions.map(({ at, next }) => [partitionKey(at), next])),
    };
  }

  async committed(group: string, topics: readonly string[] = [...this.#storage.topics.keys()]): Promise<Offsets> {
    this.#checkOpen();
    checkName("group", group);
    const wanted = new Set(topics.flatMap((topic) => this.#partitions(topic)).map(({ at }) => partitionKey(at)));
    const all = await this.#storage.committed(group);
    return new Map([...all].filter(([key]) => wanted.has(key)));
  }

  async commit(group: string, offsets: Offsets): Promise<void> {
    this.#checkOpen();
    await this.#storage.commit(group, offsets);
  }

  async consumer(options: ConsumerOptions): Promise<Consumer> {
    this.#checkOpen();
    if (this.#closing) throw closedError();
    checkName("group", options.group);
    for (const topic of options.topics) this.#partitions(topic);
    const group = this.#groups.get(options.group) ?? new Group((topic) => this.#partitions(topic).map(({ at }) => at));
    this.#groups.set(options.group, group);
    const consumer = new LocalConsumer(this, group, options);
    group.join(consumer);
    return consumer;
  }

  partition({ topic, partition }: TopicPartition): Partition {
    const found = this.#partitions(topic)[partition];
    if (!found) throw new CinelakeError("topic_unknown", `Topic ${topic} has no partition ${partition}`);
    return found;
  }

  /** Lets consumers settle and appends finish, then closes the storage. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all(Array.from(this.#groups.values(), (group) => group.close()));
    this.#isClosed = true;
    this.changed.notify();
    await this.#storage.close();
  }

  #partitions(topic: string): readonly Partition[] {
    const found = this.#storage.topics.get(topic);
    if (found) return found;
    throw new CinelakeError("topic_unknown", `There is no topic ${topic} in ${this.url}. Create it first`, {
      details: { topic },
    });
  }

  #checkOpen(): void {
    if (this.#isClosed) throw closedError();
  }
}
