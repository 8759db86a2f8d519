import { CinelakeError, streamApplicationId } from "@cinelake/contracts";
import type { ApplicationTransaction } from "@cinelake/delta";

/** Next offset of each partition that a table has; a partition it never wrote is absent. */
export type TableOffsets = ReadonlyMap<number, number>;

/** Records that a table does not have yet. */
export function unwritten<T>(records: readonly T[], at: (record: T) => Position, offsets: TableOffsets): T[] {
  return records.filter((record) => at(record).offset >= (offsets.get(at(record).partition) ?? 0));
}

/** Offsets after `records`, for the partitions that they are of. */
export function offsetsAfter(records: readonly Position[]): Map<number, number> {
  const next = new Map<number, number>();
  for (const { partition, offset } of records) next.set(partition, Math.max(next.get(partition) ?? 0, offset + 1));
  return next;
}

/** One `txn` per partition that moves on; each names the version it replaces. */
export function planTransactions(
  topic: string,
  current: TableOffsets,
  next: ReadonlyMap<number, number>,
): ApplicationTransaction[] {
  return [...next]
    .filter(([partition, offset]) => offset > (current.get(partition) ?? -1))
    .map(([partition, offset]) => ({
      appId: streamApplicationId(topic, partition),
      version: offset,
      expected: current.get(partition),
    }));
}

/**
 * Where to read a partition from: the lowest next offset of its tables, but not before the first record kept. Throws
 * `table_ahead_of_log` if a table has read further than the log reaches.
 */
export function startOffset(
  at: { readonly topic: string; readonly partition: number },
  tables: readonly { readonly name: string; readonly offsets: TableOffsets }[],
  log: { readonly first: number; readonly next: number },
): number {
  for (const { name, offsets } of tables) {
    const offset = offsets.get(at.partition) ?? 0;
    if (offset > log.next) throw aheadOfLog(at, name, offset, log.next);
  }
  return Math.max(log.first, Math.min(...tables.map(({ offsets }) => offsets.get(at.partition) ?? 0)));
}

interface Position {
  readonly partition: number;
  readonly offset: number;
}

function aheadOfLog(
  { topic, partition }: { readonly topic: string; readonly partition: number },
  table: string,
  offset: number,
  end: number,
): CinelakeError {
  return new CinelakeError(
    "table_ahead_of_log",
    `${table} has read ${topic}/${partition} up to offset ${offset}, but the log ends at ${end}: this log is not the one that ` +
      `filled the table. Point LOG_URL at the right log or restore it from its backup; or, if this log is to be read from now on, run ` +
      `./cinelake events replay --from earliest, which keeps the tables' rows`,
    { details: { topic, partition, table, table_offset: offset, log_offset: end } },
  );
}
