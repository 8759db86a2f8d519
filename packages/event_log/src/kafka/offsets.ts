import { CinelakeError } from "@cinelake/contracts";
import { listOffsetsV9, offsetFetchV9 } from "@platformatic/kafka";
import { partitionKey, type Offsets, type TopicPartition } from "../event_log.ts";
import { rangeError } from "../partition.ts";
import type { KafkaCluster } from "./cluster.ts";

const FIRST = -2n;
const NEXT = -1n;

/** First kept and next offset of every partition of the topics. */
export function listOffsets(
  cluster: KafkaCluster,
  topics: readonly string[],
): Promise<{ first: Map<string, number>; next: Map<string, number> }> {
  return cluster.retrying(`Cannot list offsets of ${topics.join(", ")}`, async () => {
    const byLeader = new Map<number, TopicPartition[]>();
    for (const topic of topics) {
      for (const partition of (await cluster.topic(topic)).leaders.keys()) {
        const leader = await cluster.leaderOf({ topic, partition });
        byLeader.set(leader, [...(byLeader.get(leader) ?? []), { topic, partition }]);
      }
    }
    const list = async (timestamp: bigint): Promise<Map<string, number>> =>
      new Map((await Promise.all(Array.from(byLeader, ([node, of]) => listAt(cluster, node, of, timestamp)))).flat());
    // The first offset first: it may rise meanwhile, but never beyond the next one.
    const first = await list(FIRST);
    return { first, next: await list(NEXT) };
  });
}

/** The group's committed offsets for the topics' partitions that have one. */
export function committedOffsets(cluster: KafkaCluster, group: string, topics: readonly string[]): Promise<Offsets> {
  return cluster.retrying(`Cannot read offsets of group ${group}`, async () => {
    const asked = await Promise.all(
      topics.map(async (name) => ({ name, partitionIndexes: [...(await cluster.topic(name)).leaders.keys()] })),
    );
    const request = [{ groupId: group, memberId: null, memberEpoch: -1, topics: asked }];
    const { groups } = await cluster.askCoordinator(group, offsetFetchV9.api, request, false);
    const committed = groups
      .flatMap((each) => each.topics)
      .flatMap(({ name: topic, partitions }) =>
        partitions.map(({ partitionIndex: partition, committedOffset }) => ({ topic, partition, committedOffset })),
      );
    return new Map(
      committed
        .filter(({ committedOffset }) => committedOffset >= 0n)
        .map((at) => [partitionKey(at), Number(at.committedOffset)]),
    );
  });
}

/** The error for an offset that a partition does not have. */
export async function outOfRange(
  cluster: KafkaCluster,
  place: TopicPartition & { offset: number },
): Promise<CinelakeError> {
  const { first, next } = await listOffsets(cluster, [place.topic]);
  const key = partitionKey(place);
  return rangeError(place, first.get(key) ?? 0, next.get(key) ?? 0);
}

/** The partition that `partitionKey` has named; topics have no slash in their names. */
export function parsePartitionKey(key: string): TopicPartition {
  const slash = key.lastIndexOf("/");
  const partition = Number(key.slice(slash + 1));
  if (slash > 0 && Number.isSafeInteger(partition)) return { topic: key.slice(0, slash), partition };
  throw new CinelakeError("invalid_argument", `${JSON.stringify(key)} names no partition: give topic/number`);
}

async function listAt(
  cluster: KafkaCluster,
  node: number,
  partitions: readonly TopicPartition[],
  timestamp: bigint,
): Promise<[string, number][]> {
  const request = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, ofTopic]) => ({
    name,
    partitions: ofTopic.map(({ partition }) => ({ partitionIndex: partition, currentLeaderEpoch: -1, timestamp })),
  }));
  const { topics } = await cluster.ask(node, listOffsetsV9.api, -1, 0, request);
  return topics.flatMap(({ name: topic, partitions: listed }) =>
    listed.map(({ partitionIndex: partition, offset }): [string, number] => [
      partitionKey({ topic, partition }),
      Number(offset),
    ]),
  );
}
