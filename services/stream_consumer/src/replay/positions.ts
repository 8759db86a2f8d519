import { parseRfc3339 } from "@cinelake/contracts";
import type { EventLog, LogRecord, TopicPartition } from "@cinelake/event_log";
import type { StreamTable } from "../topic_tables.ts";

/** Offsets `start` to before `end`. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** Offset of the first record that the log took at `timestamp` (milliseconds) or later, `end` if none; takes times to rise with offsets. */
export function offsetAtTime(log: EventLog, at: TopicPartition, range: Range, timestamp: number): Promise<number> {
  return firstWhere(range, async (offset) => {
    const record = await recordAt(log, at, offset);
    return !record || record.timestamp >= timestamp;
  });
}

/**
 * The offset after the last row in the range that Bronze has of this very log; `start` if none. Rows of another log at the same offsets,
 * as from before the log was made anew or restored from a backup, differ in time, key or value. Two histories of a log are alike up to
 * where they part, so the place is searched for by halves, and looked up once where they do not part.
 */
export async function bronzeReach(
  log: EventLog,
  bronze: StreamTable,
  at: TopicPartition,
  { start, end }: Range,
): Promise<number> {
  /** Whether the last row in the range is a record of this log; undefined without any row. */
  const endsInThisLog = async (range: Range): Promise<boolean | undefined> => {
    const rows = await lastRows(bronze, at, range);
    if (!rows[0]) return undefined;
    const record = await recordAt(log, at, rows[0].offset);
    return rows.some((row) => isSame(row, record));
  };
  if (start >= end) return start;
  if (await endsInThisLog({ start: end - 1, end })) return end; // the usual case, by a look at few files
  const parted = await firstWhere(
    { start, end },
    async (offset) => (await endsInThisLog({ start, end: offset + 1 })) === false,
  );
  const [last] = await lastRows(bronze, at, { start, end: parted });
  return last ? last.offset + 1 : start;
}

/** The first offset for which `holds`, which holds for all after it; `end` if none. */
async function firstWhere({ start, end }: Range, holds: (offset: number) => Promise<boolean>): Promise<number> {
  let [low, high] = [start, end];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The record at the offset, or the next one where the log has none there. */
async function recordAt(log: EventLog, at: TopicPartition, offset: number): Promise<LogRecord | undefined> {
  const [record] = await log.read({ ...at, offset }, { maxRecords: 1 });
  return record;
}

interface BronzeRow {
  readonly offset: number;
  readonly record_ts: string;
  readonly key: string;
  readonly value: string | null;
  readonly value_base64: string | null;
}

/** The rows of the last offset in the range: one, and one more for each earlier log that had a record there. */
async function lastRows(
  { table, engine }: StreamTable,
  { partition }: TopicPartition,
  { start, end }: Range,
): Promise<BronzeRow[]> {
  await using scan = await (
    await table.snapshot()
  ).scan({
    columns: ["offset", "record_ts", "key", "value", "value_base64"],
    where: [
      { column: "partition", op: "=", value: partition },
      { column: "offset", op: ">=", value: start },
      { column: "offset", op: "<", value: end },
    ],
  });
  if (scan.files === 0) return [];
  return engine.rows<BronzeRow>(`SELECT * FROM ${scan.sql} WHERE "offset" = (SELECT max("offset") FROM ${scan.sql})`);
}

function isSame(row: BronzeRow, record: LogRecord | undefined): boolean {
  if (record?.offset !== row.offset || record.key !== row.key) return false;
  if (parseRfc3339(row.record_ts) !== record.timestamp) return false;
  const value = row.value === null ? Buffer.from(row.value_base64 ?? "", "base64") : Buffer.from(row.value);
  return value.equals(record.value);
}
