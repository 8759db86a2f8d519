import { randomUUID } from "node:crypto";
import { consumerGroupHeartbeatV1, offsetCommitV9 } from "@platformatic/kafka";
import { partitionKey, type Offsets, type TopicPartition } from "../event_log.ts";
import type { Member } from "../group.ts";
import { Signal } from "../signal.ts";
import type { KafkaCluster } from "./cluster.ts";
import { explain, hasAnswer, Passing } from "./errors.ts";
import { parsePartitionKey } from "./offsets.ts";

/** The broker asks for a sign of life every 5 s; partitions change hands as fast as members ask for news, so they ask more often. */
const HEARTBEAT_MS = 1000;
/** How long a member may take to settle its work on partitions that it has to give up. */
const REBALANCE_MS = 60_000;
const LEAVING = -1;

/**
 * A membership in a group, by the protocol in which the broker shares out the partitions (KIP-848). A partition is given to another
 * member only after a heartbeat has said that this one is through with it, so `revoke` is over by then.
 */
export class Membership {
  readonly #cluster: KafkaCluster;
  readonly #group: string;
  readonly #member: Member;
  readonly #id = randomUUID();
  /** What the broker takes this member to hold: all that it was given, until the work on it is settled. */
  readonly #owned = new Map<string, TopicPartition>();
  readonly #news = new Signal();
  readonly #onTrouble: (error: unknown) => void;
  #epoch = 0;
  #reconciling: Promise<void> | undefined;
  #isLeaving = false;
  #running: Promise<void>;

  /** Joins at once. `onTrouble` is told why a heartbeat has failed, and `undefined` when one has not. */
  constructor(cluster: KafkaCluster, group: string, member: Member, onTrouble: (error: unknown) => void) {
    this.#cluster = cluster;
    this.#group = group;
    this.#member = member;
    this.#onTrouble = onTrouble;
    this.#running = this.#run();
  }

  /** Settles the work, gives everything up and tells the group, if it can be told. */
  async leave(): Promise<void> {
    this.#isLeaving = true;
    this.#news.notify();
    await this.#running;
    await this.#reconciling;
    await this.#giveUpAll();
    if (this.#epoch === 0) return;
    await this.#heartbeat(LEAVING).catch(() => {}); // the broker misses it in time
  }

  async commit(offsets: Offsets): Promise<void> {
    const topics = Map.groupBy(
      Array.from(offsets, ([key, offset]) => ({ ...parsePartitionKey(key), offset })),
      ({ topic }) => topic,
    );
    const request = Array.from(topics, ([name, partitions]) => ({
      name,
      partitions: partitions.map(({ partition, offset }) => ({
        partitionIndex: partition,
        committedOffset: BigInt(offset),
        committedLeaderEpoch: -1,
      })),
    }));
    await this.#cluster.retrying(`Cannot commit offsets of group ${this.#group}`, async () => {
      try {
        await this.#cluster.askCoordinator(
          this.#group,
          offsetCommitV9.api,
          this.#group,
          this.#epoch,
          this.#id,
          null,
          request,
        );
      } catch (error) {
        if (!hasAnswer(error, "STALE_MEMBER_EPOCH")) throw error;
        this.#news.notify();
        throw new Passing("the membership has a new epoch");
      }
    });
  }

  async #run(): Promise<void> {
    while (!this.#isLeaving) {
      try {
        await this.#beat();
        this.#onTrouble(undefined);
      } catch (error) {
        this.#onTrouble(error);
      }
      if (!this.#isLeaving) await this.#news.wait(HEARTBEAT_MS);
    }
  }

  async #beat(): Promise<void> {
    const { memberEpoch, assignment } = await this.#heartbeat(this.#epoch).catch(async (error: unknown) => {
      if (!hasAnswer(error, "UNKNOWN_MEMBER_ID", "FENCED_MEMBER_EPOCH")) throw error;
      await this.#reconciling;
      await this.#giveUpAll();
      this.#epoch = 0;
      throw explain(error, `Group ${this.#group} went on without this member, which joins again`);
    });
    this.#epoch = memberEpoch;
    if (!assignment || this.#reconciling) return;
    const target = new Map<string, TopicPartition>();
    for (const { topicId, partitions } of assignment.topicPartitions) {
      for (const topic of this.#member.topics) {
        if ((await this.#cluster.topic(topic)).id !== topicId) continue;
        for (const partition of partitions) target.set(partitionKey({ topic, partition }), { topic, partition });
      }
    }
    const lost = [...this.#owned.keys()].filter((key) => !target.has(key));
    const gained = [...target.values()].filter((at) => !this.#owned.has(partitionKey(at)));
    if (lost.length === 0 && gained.length === 0) return;
    // Heartbeats go on meanwhile. What is gained is looked at again once what is lost has been given up.
    this.#reconciling = (lost.length > 0 ? this.#giveUp(lost) : this.#take(gained)).finally(() => {
      this.#reconciling = undefined;
      this.#news.notify();
    });
  }

  async #take(gained: readonly TopicPartition[]): Promise<void> {
    for (const at of gained) this.#owned.set(partitionKey(at), at);
    await this.#member.assign(gained);
  }

  async #giveUp(keys: readonly string[]): Promise<void> {
    await this.#member.revoke(new Set(keys));
    for (const key of keys) this.#owned.delete(key);
  }

  async #giveUpAll(): Promise<void> {
    await this.#giveUp([...this.#owned.keys()]);
  }

  /** Says everything each time, so the answer tells the whole assignment and no lost answer matters. */
  async #heartbeat(epoch: number): Promise<Awaited<ReturnType<typeof consumerGroupHeartbeatV1.api.async>>> {
    return await this.#cluster.retrying(`Cannot take part in group ${this.#group}`, async () => {
      const topicIds = await Promise.all(
        [...Map.groupBy(this.#owned.values(), ({ topic }) => topic)].map(async ([topic, held]) => ({
          topicId: (await this.#cluster.topic(topic)).id,
          partitions: held.map(({ partition }) => partition),
        })),
      );
      return await this.#cluster.askCoordinator(
        this.#group,
        consumerGroupHeartbeatV1.api,
        this.#group,
        this.#id,
        epoch,
        null,
        null,
        REBALANCE_MS,
        [...this.#member.topics],
        null,
        null,
        topicIds,
      );
    });
  }
}
