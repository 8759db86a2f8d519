import { partitionKey, type TopicPartition } from "./event_log.ts";

export interface AssignableMember {
  readonly topics: ReadonlySet<string>;
  /** Keys of the partitions it has now. */
  readonly held: ReadonlySet<string>;
}

/**
 * Shares partitions among a group's members (in order of joining): each goes to one that subscribes to its topic, evenly, and as many
 * as possible stay where they are. Gives the partitions of each member.
 */
export function assignPartitions(
  members: readonly AssignableMember[],
  partitions: readonly TopicPartition[],
): TopicPartition[][] {
  const assigned: TopicPartition[][] = members.map(() => []);
  if (members.length === 0) return assigned;
  const fairShare = Math.floor(partitions.length / members.length);
  const left = partitions.filter((at) => {
    const holder = members.findIndex(({ topics, held }) => topics.has(at.topic) && held.has(partitionKey(at)));
    if (holder < 0 || assigned[holder]!.length >= fairShare) return true;
    assigned[holder]!.push(at);
    return false;
  });
  for (const at of left) {
    let best: number | undefined;
    for (const [index, { topics, held }] of members.entries()) {
      if (!topics.has(at.topic)) continue;
      const load = assigned[index]!.length;
      const bestLoad = best === undefined ? Infinity : assigned[best]!.length;
      if (load < bestLoad || (load === bestLoad && held.has(partitionKey(at)))) best = index;
    }
    if (best !== undefined) assigned[best]!.push(at);
  }
  return assigned;
}
