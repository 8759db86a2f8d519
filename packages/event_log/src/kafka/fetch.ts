import { fetchV17, ProtocolError } from "@platformatic/kafka";
import { partitionKey, type TopicPartition } from "../event_log.ts";
import { partial, type KafkaCluster } from "./cluster.ts";
import { Passing } from "./errors.ts";
import { fromBatches, type Decoded } from "./records.ts";

export interface Place extends TopicPartition {
  readonly offset: number;
}

/** `undefined` where the partition has no such offset. */
export type Fetched = ReadonlyMap<string, Decoded | undefined>;

/** What a partition and a request give at most; a broker's first batch comes whole in any case. */
const PARTITION_BYTES = 1 << 20;
const REQUEST_BYTES = 8 << 20;
/** Longest wait for records in one request; well below the time after which a broker counts as away. */
const WAIT_MS = 500;
/** What a broker answers for a topic that was made anew, or is gone; asking for the topic tells which. */
const STALE = ["UNKNOWN_TOPIC_ID", "UNKNOWN_TOPIC_OR_PARTITION", "INCONSISTENT_TOPIC_ID"];

/**
 * Records of partitions from their places on, by `partitionKey`. Waits up to `waitMs`, at most half a second, until one of the
 * partitions has any.
 */
export function fetchRecords(cluster: KafkaCluster, places: readonly Place[], waitMs: number): Promise<Fetched> {
  const names = [...new Set(places.map(({ topic }) => topic))].join(", ");
  return cluster.retrying(`Cannot read ${names}`, async () => {
    const byLeader = new Map<number, Place[]>();
    for (const place of places) {
      const leader = await cluster.leaderOf(place);
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), place]);
    }
    const answers = await Promise.all(Array.from(byLeader, ([node, of]) => fetchFrom(cluster, node, of, waitMs)));
    return new Map(answers.flat());
  });
}

async function fetchFrom(
  cluster: KafkaCluster,
  node: number,
  places: readonly Place[],
  waitMs: number,
): Promise<[string, Decoded | undefined][]> {
  const byId = Map.groupBy(await withTopicIds(cluster, places), ({ id }) => id);
  const topics = Array.from(byId, ([topicId, ofTopic]) => ({
    topicId,
    partitions: ofTopic.map(({ place }) => ({
      partition: place.partition,
      currentLeaderEpoch: -1,
      fetchOffset: BigInt(place.offset),
      lastFetchedEpoch: -1,
      partitionMaxBytes: PARTITION_BYTES,
    })),
  }));
  const wait = Math.min(WAIT_MS, Math.max(0, Math.ceil(waitMs)));
  // Epoch -1 is no session: the broker would have to be told of every change in what is read.
  const answer = await cluster.ask(node, fetchV17.api, wait, 1, REQUEST_BYTES, 0, 0, -1, topics, [], "").catch(partial);
  if (answer.errorCode !== 0) throw new ProtocolError(answer.errorCode);
  return answer.responses.flatMap(({ topicId, partitions }) =>
    partitions.map(({ partitionIndex, errorCode, records }): [string, Decoded | undefined] => {
      const place = byId.get(topicId)?.find((each) => each.place.partition === partitionIndex)?.place;
      if (!place) throw new Passing(`the broker answered for another topic, ${topicId}`);
      const key = partitionKey(place);
      if (errorCode === 0) return [key, fromBatches(place, records ?? [], place.offset)];
      const error = new ProtocolError(errorCode);
      if (error.apiId === "OFFSET_OUT_OF_RANGE") return [key, undefined];
      throw STALE.includes(error.apiId as string) ? new Passing(`${key}: ${error.apiId}`) : error;
    }),
  );
}

function withTopicIds(
  cluster: KafkaCluster,
  places: readonly Place[],
): Promise<{ readonly id: string; readonly place: Place }[]> {
  return Promise.all(places.map(async (place) => ({ id: (await cluster.topic(place.topic)).id, place })));
}
