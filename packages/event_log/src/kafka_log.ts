import { CinelakeError } from "@cinelake/contracts";
import { createTopicsV7, type Broker } from "@platformatic/kafka";
import {
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
import { KafkaAppender } from "./kafka/appender.ts";
import { KafkaCluster } from "./kafka/cluster.ts";
import { addressOf } from "./kafka/connections.ts";
import { KafkaConsumer } from "./kafka/consumer.ts";
import { hasAnswer, Passing } from "./kafka/errors.ts";
import { committedOffsets, listOffsets } from "./kafka/offsets.ts";
import { KafkaReader } from "./kafka/reader.ts";
import { checkName, checkPartitions } from "./names.ts";
import { closedError, DEFAULT_MAX_BYTES } from "./partition.ts";
import { partitionOf } from "./partitioner.ts";

const CLIENT_ID = "cinelake";
/** As many copies as there are brokers, up to this. */
const MAX_REPLICAS = 3;

/**
 * The log on a Kafka 4 cluster, `kafka://host:port,host:port` (9092 by default), unencrypted and without a login. It connects when it
 * is used, and again after every outage; meanwhile its methods fail with `log_unavailable` within two seconds.
 */
export function openKafkaLog(url: string): EventLog {
  return new KafkaLog(url, parseBrokers(url));
}

class KafkaLog implements EventLog {
  readonly url: string;
  readonly #cluster: KafkaCluster;
  readonly #appender: KafkaAppender;
  readonly #reader: KafkaReader;
  readonly #consumers = new Set<KafkaConsumer>();
  readonly #appending = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;
  #isClosed = false;

  constructor(url: string, brokers: readonly Broker[]) {
    this.url = url;
    this.#cluster = new KafkaCluster(url, brokers, CLIENT_ID);
    this.#appender = new KafkaAppender(url, brokers.map(addressOf), CLIENT_ID);
    this.#reader = new KafkaReader(this.#cluster);
  }

  async createTopics(topics: readonly { name: string; partitions: number }[]): Promise<void> {
    this.#checkOpen();
    for (const { name, partitions } of topics) {
      checkName("topic", name);
      checkPartitions(name, partitions);
    }
    await this.#cluster.retrying("Cannot create topics", async () => {
      const known = new Set((await this.#cluster.topics()).map(({ name }) => name));
      const missing = topics.filter(({ name }) => !known.has(name));
      if (missing.length === 0) return;
      const replicas = Math.min(MAX_REPLICAS, this.#cluster.size);
      const configs = [
        { name: "message.timestamp.type", value: "LogAppendTime" },
        { name: "min.insync.replicas", value: String(Math.max(1, replicas - 1)) },
      ];
      const requests = missing.map(({ name, partitions }) => ({
        name,
        numPartitions: partitions,
        replicationFactor: replicas,
        assignments: [],
        configs,
      }));
      try {
        await this.#cluster.askAny(createTopicsV7.api, requests, 1500, false);
      } catch (error) {
        if (!hasAnswer(error, "TOPIC_ALREADY_EXISTS")) throw error;
      }
      throw new Passing("the cluster is making the topics"); // looked at again until all brokers know them
    });
  }

  async topics(): Promise<ReadonlyMap<string, number>> {
    this.#checkOpen();
    const topics = await this.#cluster.retrying("Cannot list topics", () => this.#cluster.topics());
    return new Map(topics.map(({ name, leaders }) => [name, leaders.length]));
  }

  async state(): Promise<LogState> {
    this.#checkOpen();
    return await this.#cluster.retrying("Cannot tell the state of the brokers", () => this.#cluster.state());
  }

  append(topic: string, records: readonly NewRecord[]): Promise<Appended[]> {
    const appended = this.#append(topic, records);
    this.#appending.add(appended);
    const settled = () => this.#appending.delete(appended);
    appended.then(settled, settled);
    return appended;
  }

  async read(
    at: TopicPartition & { offset: number },
    limits: { maxRecords: number; maxBytes?: number; maxWaitMs?: number; signal?: AbortSignal },
  ): Promise<LogRecord[]> {
    const { maxRecords, maxBytes = DEFAULT_MAX_BYTES, maxWaitMs = 0, signal } = limits;
    const deadline = performance.now() + maxWaitMs;
    let { offset } = at;
    for (;;) {
      this.#checkOpen();
      if (maxRecords < 1 || signal?.aborted) return [];
      const left = deadline - performance.now();
      const { records, next } = await this.#reader.read({ ...at, offset }, { maxRecords, maxBytes }, left, signal);
      if (records.length > 0 || (left <= 0 && next === offset)) return records;
      offset = next;
    }
  }

  async offsets(topics: readonly string[]): Promise<{ first: Offsets; next: Offsets }> {
    this.#checkOpen();
    return await listOffsets(this.#cluster, topics);
  }

  async committed(group: string, topics: readonly string[]): Promise<Offsets> {
    this.#checkOpen();
    checkName("group", group);
    return await committedOffsets(this.#cluster, group, topics);
  }

  async consumer(options: ConsumerOptions): Promise<Consumer> {
    this.#checkOpen();
    checkName("group", options.group);
    for (const topic of options.topics) await this.#cluster.partitionCount(topic);
    if (this.#closing) throw closedError();
    const consumer = new KafkaConsumer(this.#cluster, options, (closed) => this.#consumers.delete(closed));
    this.#consumers.add(consumer);
    return consumer;
  }

  /** Lets consumers settle and appends finish, then closes the connections. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #append(topic: string, records: readonly NewRecord[]): Promise<Appended[]> {
    this.#checkOpen();
    const partitions = await this.#cluster.partitionCount(topic);
    if (records.length === 0) return [];
    const places = records.map(({ key }) => ({ topic, partition: partitionOf(key, partitions) }));
    return await this.#appender.append(records, places);
  }

  async #close(): Promise<void> {
    await Promise.all(Array.from(this.#consumers, (consumer) => consumer[Symbol.asyncDispose]()));
    this.#isClosed = true;
    await Promise.allSettled(this.#appending);
    await this.#appender[Symbol.asyncDispose]();
    await this.#cluster[Symbol.asyncDispose]();
  }

  #checkOpen(): void {
    if (this.#isClosed) throw closedError();
  }
}

function parseBrokers(url: string): Broker[] {
  const brokers = url.slice("kafka://".length).replace(/\/$/, "").split(",");
  return brokers.map((text) => {
    const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(text);
    const port = Number(match?.[2] ?? 9092);
    if (match && port >= 1 && port <= 65_535) return { host: match[1]!.replace(/^\[|\]$/g, ""), port };
    throw new CinelakeError(
      "config_invalid",
      `${JSON.stringify(text)} is no broker of a Kafka cluster: give kafka://host:port,host:port`,
    );
  });
}
