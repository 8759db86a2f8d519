import { CinelakeError, streamApplicationId } from "@cinelake/contracts";
import { partitionKey, type Offsets } from "@cinelake/event_log";
import type { StreamTable, TopicTables } from "./topic_tables.ts";

/**
 * Fails with `delta_txn_conflict` if a table's own offset of a held partition (a key of `held`) lies before the one known here: somebody
 * has set it back, as a replay does, and reading must start anew. A table that cannot be read now tells nothing.
 */
export async function checkNotSetBack(topics: Iterable<TopicTables>, held: Pick<Offsets, "has">): Promise<void> {
  const found = [...topics].flatMap(({ topic, silver, bronze }) => {
    const isHeld = (partition: number): boolean => held.has(partitionKey({ topic, partition }));
    return [silver, bronze].map((table) => findSetBack(topic, table, isHeld));
  });
  const setBack = (await Promise.all(found)).find((each) => each !== undefined);
  if (setBack) throw new CinelakeError("delta_txn_conflict", `${setBack} was set back; reading starts anew from there`);
}

async function findSetBack(
  topic: string,
  { name, table, offsets }: StreamTable,
  isHeld: (partition: number) => boolean,
): Promise<string | undefined> {
  // Taken before the table is read: a commit in between may only make the table's the later one.
  const known = [...offsets].filter(([partition]) => isHeld(partition));
  if (known.length === 0) return undefined;
  const snapshot = await table.snapshot().catch(() => undefined);
  if (!snapshot) return undefined;
  const behind = known.find(
    ([partition, offset]) => (snapshot.transaction(streamApplicationId(topic, partition)) ?? 0) < offset,
  );
  return behind && `${name} at ${topic}/${behind[0]}`;
}
