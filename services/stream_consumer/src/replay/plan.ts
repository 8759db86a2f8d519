import type { TopicPartition } from "@cinelake/event_log";

/** Where a table stands in a partition. */
export interface TablePosition {
  readonly table: string;
  /** Next offset that its last commit names; undefined where it never wrote. */
  readonly offset: number | undefined;
  /** Offset before which nothing is to be read again, for the table has it: for Bronze, the one after its last row of this log. */
  readonly has: number;
}

/** All that decides what a replay does to a partition. */
export interface PartitionPosition extends TopicPartition {
  /** First kept and next offset of the log. */
  readonly first: number;
  readonly next: number;
  /** Where to read again from, as asked for; need not be within the log. */
  readonly from: number;
  readonly tables: readonly TablePosition[];
}

/** A table's offset is to be set from `expected` to `offset`. */
interface OffsetMove extends TopicPartition {
  readonly table: string;
  readonly expected: number;
  readonly offset: number;
}

/** What a replay does to a partition. */
export interface PartitionReplay extends TopicPartition {
  /** Offset from which reading goes on, and the log's next: the records between them are read (again). */
  readonly from: number;
  readonly next: number;
  /** True if a table had read further than the log reaches: the log is another one than before. */
  readonly wasAhead: boolean;
  readonly moves: readonly OffsetMove[];
}

/**
 * Sets offsets back and never forward, so that no record is left out; a table that is ahead of the log is set to where the log is to be
 * read from. A table is not set back behind what it `has`.
 */
export function planPartition(position: PartitionPosition): PartitionReplay {
  const { topic, partition, first, next, tables } = position;
  const from = Math.min(Math.max(position.from, first), next);
  const moves = tables.flatMap(({ table, offset: expected, has }): OffsetMove[] => {
    if (expected === undefined) return [];
    const wanted = Math.min(Math.max(from, has), next);
    const offset = expected > next ? wanted : Math.min(wanted, expected);
    return offset === expected ? [] : [{ topic, partition, table, expected, offset }];
  });
  const after = tables.map(({ table, offset }) => moves.find((move) => move.table === table)?.offset ?? offset ?? 0);
  return {
    topic,
    partition,
    from: Math.min(Math.max(Math.min(...after), first), next),
    next,
    wasAhead: tables.some(({ offset }) => (offset ?? 0) > next),
    moves,
  };
}
