/** One record to append; `key` decides the partition. Key, headers and value have at most 1,000,000 bytes (`payload_too_large`). */
export interface NewRecord {
  readonly key: string;
  readonly value: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface LogRecord extends NewRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** When the log took it, milliseconds since the epoch. */
  readonly timestamp: number;
  readonly headers: Readonly<Record<string, string>>;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface Appended extends TopicPartition {
  readonly offset: number;
}

/** How what keeps a log is, as far as it says itself. A log on disk or in memory is one server with one copy of everything. */
export interface LogState {
  /** Servers that are there: brokers of a cluster. */
  readonly servers: number;
  /** Partitions that can be neither read nor written at present. */
  readonly offline: number;
  /** Partitions of which fewer copies are up to date than there should be; those offline among them. */
  readonly shortOfCopies: number;
}

/** Next offset to read, for each `topic/partition` (see `partitionKey`). */
export type Offsets = ReadonlyMap<string, number>;

export interface ConsumerOptions {
  readonly group: string;
  readonly topics: readonly string[];
  /**
   * Partitions come some time after `consumer` has resolved. A callback that fails makes the next `poll` fail. Neither callback may
   * dispose of the consumer.
   *
   * Called on each assignment with the partitions gained; gives the offset to start from. Without it (or for a partition it
   * leaves out) reading starts at the group's committed offset, else at the beginning.
   */
  readonly onAssigned?: (partitions: readonly TopicPartition[]) => Promise<Offsets>;
  /** Called before partitions are taken away: work on them must be settled when it resolves. */
  readonly onRevoked?: (partitions: readonly TopicPartition[]) => Promise<void>;
}

/** A member of a consumer group; partitions of the topics are shared among the group's members. */
export interface Consumer extends AsyncDisposable {
  /**
   * Next records of the assigned partitions, in order within each; an empty list after `maxWaitMs` without any, and when `signal`
   * fires or the consumer is disposed of meanwhile. Fails on a consumer that is closed. Records of a partition are never handed out
   * once its `onRevoked` has begun.
   */
  poll(options: { maxRecords: number; maxWaitMs: number; signal?: AbortSignal }): Promise<LogRecord[]>;
  /** Makes `offsets` (next to read) the group's, for partitions this member holds; those of others are left as they are. */
  commit(offsets: Offsets): Promise<void>;
  assignment(): readonly TopicPartition[];
}

/**
 * Topics of ordered, partitioned, append-only records.
 *
 * Guarantees (the conformance suite has a test of the same name for each):
 * - append_is_durable: once `append` resolves, its records survive a crash of the process and, but for memory, of the machine
 * - append_is_all_or_error: an `append` that fails may have stored some of its records; one that resolves has stored all
 * - order_within_a_key: records of one key appended one after another are read in that order; offsets rise by one within a partition
 * - key_chooses_the_partition: equal keys go to the same partition as long as the number of partitions stays (murmur2, as Kafka's clients do)
 * - read_from_an_offset: `read` gives the records from an offset on, up to the limits, at least one if there is any
 * - offsets_out_of_range_fail: reading before the first kept or beyond the next offset fails with `log_offset_out_of_range`
 * - at_least_once: a consumer that restarts gets everything after its group's committed offset again; it may get more
 * - commit_is_explicit: nothing is committed but by `commit`
 * - a_group_shares_partitions: each partition has one member of a group at a time; when one leaves, the others take over
 * - assigned_offsets_win: `onAssigned`'s offsets come before the committed ones
 * - unknown_topics_fail: with `topic_unknown`; no topic is made by use
 * - create_is_idempotent: `createTopics` leaves existing topics alone
 * - state_is_of_now: `state` tells of the servers that are there; it fails with `log_unavailable` when none is
 * - values_are_bytes: keys (text), values and headers come back as they were
 */
export interface EventLog extends AsyncDisposable {
  readonly url: string;
  createTopics(topics: readonly { name: string; partitions: number }[]): Promise<void>;
  topics(): Promise<ReadonlyMap<string, number>>;
  state(): Promise<LogState>;
  /** One entry per record, in the order given. */
  append(topic: string, records: readonly NewRecord[]): Promise<Appended[]>;
  /** Waits up to `maxWaitMs` (0) for a first record; an empty list after that and when `signal` fires. */
  read(
    at: TopicPartition & { offset: number },
    limits: { maxRecords: number; maxBytes?: number; maxWaitMs?: number; signal?: AbortSignal },
  ): Promise<LogRecord[]>;
  /** First kept offset and next offset of each partition of the topics. */
  offsets(topics: readonly string[]): Promise<{ first: Offsets; next: Offsets }>;
  committed(group: string, topics: readonly string[]): Promise<Offsets>;
  consumer(options: ConsumerOptions): Promise<Consumer>;
}

/** `topic/partition`, the key of `Offsets`. */
export function partitionKey(at: TopicPartition): string {
  return `${at.topic}/${at.partition}`;
}
