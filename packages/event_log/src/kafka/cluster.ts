import { setTimeout as sleep } from "node:timers/promises";
import { CinelakeError } from "@cinelake/contracts";
import { findCoordinatorV6, metadataV12, ResponseError, type API, type Broker } from "@platformatic/kafka";
import type { LogState, TopicPartition } from "../event_log.ts";
import { addressOf, Connections } from "./connections.ts";
import { answersOf, canRetry, explain, Passing } from "./errors.ts";

export interface KafkaTopic {
  readonly name: string;
  readonly id: string;
  /** Broker that leads each partition; -1 where there is none at the time. */
  readonly leaders: readonly number[];
}

interface Known extends KafkaTopic {
  readonly knownAt: number;
  isDoubtful: boolean;
}

/** A request fails after this time without an answer of any broker, in milliseconds. */
export const SILENCE_MS = 1800;
/** And after this time when brokers answer, but not with what was asked for. */
const PATIENCE_MS = 10_000;
const METADATA_MS = 30_000;
const UNKNOWN_TOPIC = 3;
const INVALID_TOPIC = 17;
const LEADER_NOT_AVAILABLE = 5;

/** What is known of a Kafka cluster, and requests to its brokers. */
export class KafkaCluster implements AsyncDisposable {
  readonly url: string;
  readonly #connections: Connections;
  readonly #bootstrap: readonly Broker[];
  readonly #coordinators = new Map<string, number>();
  readonly #topics = new Map<string, Known>();
  readonly #learning = new Map<string, Promise<void>>();
  #brokers = new Map<number, Broker>();

  constructor(url: string, bootstrap: readonly Broker[], clientId: string) {
    this.url = url;
    this.#bootstrap = bootstrap;
    this.#connections = new Connections(clientId);
  }

  /** How many brokers answered last. */
  get size(): number {
    return this.#brokers.size;
  }

  /**
   * Repeats `work` while it fails with what may pass, each time with fresh knowledge of the cluster. Fails with `log_unavailable`
   * and the like once no broker has answered for `SILENCE_MS`, and with `what` as the beginning of the message.
   */
  async retrying<T>(what: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    let heard = start;
    for (let attempt = 0; ; attempt++) {
      try {
        return await within(heard + SILENCE_MS - performance.now(), work());
      } catch (error) {
        const now = performance.now();
        if (error instanceof Passing || answersOf(error).length > 0) heard = now;
        const isOver = now >= heard + SILENCE_MS || now >= start + PATIENCE_MS;
        if (error instanceof CinelakeError || isOver || !canRetry(error)) throw explain(error, `${what} (${this.url})`);
      }
      this.forget();
      await sleep(Math.min(200, 20 * 2 ** attempt));
    }
  }

  /** What is known may be wrong. */
  forget(): void {
    for (const topic of this.#topics.values()) topic.isDoubtful = true;
    this.#coordinators.clear();
  }

  async topic(name: string): Promise<KafkaTopic> {
    const known = this.#recent(name);
    if (known && !known.isDoubtful) return known;
    const learning = this.#learning.get(name) ?? this.#learn([name]).finally(() => this.#learning.delete(name));
    this.#learning.set(name, learning);
    await learning;
    const topic = this.#topics.get(name);
    if (topic) return topic;
    throw new CinelakeError("topic_unknown", `There is no topic ${name} in ${this.url}. Create it first`, {
      details: { topic: name },
    });
  }

  /** Number of a topic's partitions; what was known half a minute ago will do, though the broker be away. */
  async partitionCount(name: string): Promise<number> {
    return (this.#recent(name) ?? (await this.retrying(`Cannot find topic ${name}`, () => this.topic(name)))).leaders
      .length;
  }

  /** All topics but Kafka's own. */
  async topics(): Promise<KafkaTopic[]> {
    await this.#learn(null);
    return [...this.#topics.values()];
  }

  /** Of all partitions, Kafka's own included. */
  async state(): Promise<LogState> {
    const { brokers, topics } = await this.askAny(metadataV12.api, null, false, false).catch(partial);
    const partitions = topics.flatMap((topic) => topic.partitions);
    return {
      servers: brokers.length,
      offline: partitions.filter(({ leaderId }) => leaderId < 0).length,
      shortOfCopies: partitions.filter(({ isrNodes, replicaNodes }) => isrNodes.length < replicaNodes.length).length,
    };
  }

  /** The leader of a partition as far as it is known. */
  knownLeader({ topic, partition }: TopicPartition): number | undefined {
    return this.#topics.get(topic)?.leaders[partition];
  }

  async leaderOf({ topic, partition }: TopicPartition): Promise<number> {
    const leader = (await this.topic(topic)).leaders[partition];
    if (leader === undefined) {
      throw new CinelakeError("topic_unknown", `Topic ${topic} has no partition ${partition}`);
    }
    if (leader < 0) throw new Passing(`${topic}/${partition} has no leader`);
    return leader;
  }

  async ask<Args extends unknown[], Answer>(node: number, api: API<Args, Answer>, ...args: Args): Promise<Answer> {
    const broker = this.#brokers.get(node);
    if (!broker) throw new Passing(`broker ${node} is not there`);
    return await this.#connections.call(broker, api, args);
  }

  async askCoordinator<Args extends unknown[], Answer>(
    group: string,
    api: API<Args, Answer>,
    ...args: Args
  ): Promise<Answer> {
    let node = this.#coordinators.get(group);
    if (node === undefined) {
      const { coordinators } = await this.askAny(findCoordinatorV6.api, 0, [group]);
      const [found] = coordinators;
      if (!found) throw new Passing(`group ${group} has no coordinator`);
      node = found.nodeId;
      this.#brokers.set(node, { host: found.host, port: found.port });
      this.#coordinators.set(group, node);
    }
    return await this.ask(node, api, ...args);
  }

  /** Asks one broker after the other until one answers. */
  async askAny<Args extends unknown[], Answer>(api: API<Args, Answer>, ...args: Args): Promise<Answer> {
    const brokers = new Map([...this.#brokers.values(), ...this.#bootstrap].map((each) => [addressOf(each), each]));
    const errors: unknown[] = [];
    for (const broker of brokers.values()) {
      try {
        return await this.#connections.call(broker, api, args);
      } catch (error) {
        if (answersOf(error).length > 0) throw error;
        errors.push(error);
      }
    }
    throw errors.length === 1
      ? errors[0]
      : new AggregateError(errors, `none of ${[...brokers.keys()].join(", ")} answers`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connections[Symbol.asyncDispose]();
  }

  #recent(name: string): Known | undefined {
    const known = this.#topics.get(name);
    return known && performance.now() - known.knownAt < METADATA_MS ? known : undefined;
  }

  async #learn(names: string[] | null): Promise<void> {
    const { brokers, topics } = await this.askAny(metadataV12.api, names, false, false).catch(partial);
    this.#brokers = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    if (names === null) this.#topics.clear();
    const knownAt = performance.now();
    for (const { name, topicId: id, errorCode, isInternal, partitions } of topics) {
      if (name && errorCode === UNKNOWN_TOPIC) this.#topics.delete(name);
      if (errorCode === UNKNOWN_TOPIC || errorCode === INVALID_TOPIC || isInternal || !name) continue;
      if (errorCode !== 0 && errorCode !== LEADER_NOT_AVAILABLE) throw new Passing(`topic ${name}: error ${errorCode}`);
      const leaders = Array<number>(partitions.length).fill(-1);
      for (const { partitionIndex, leaderId } of partitions) leaders[partitionIndex] = leaderId;
      this.#topics.set(name, { name, id, leaders, knownAt, isDoubtful: false });
    }
  }
}

/** An answer with an error for some of what was asked, which says itself for what. */
export function partial(error: unknown): never {
  if (error instanceof ResponseError && error.response) return error.response as never;
  throw error;
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("no answer")), Math.max(0, ms));
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
