import type { LogRecord } from "@cinelake/event_log";

/** Records read and not yet in the tables, with what decides when to flush. */
export interface RecordBuffer {
  readonly rows: number;
  readonly bytes: number;
  /** When the oldest record came in, milliseconds since the epoch; undefined when empty. */
  readonly oldest: number | undefined;
  add(records: readonly LogRecord[], now: number): void;
  /** Records by topic, in the order read. */
  byTopic(): ReadonlyMap<string, readonly LogRecord[]>;
  /** Takes the first `count` records out; those added meanwhile stay. */
  drop(count: number, now: number): void;
}

/** A record's share of memory beside its value: objects, key, headers. */
const OVERHEAD = 256;

export function createBuffer(): RecordBuffer {
  let records: LogRecord[] = [];
  let bytes = 0;
  let oldest: number | undefined;
  return {
    get rows() {
      return records.length;
    },
    get bytes() {
      return bytes;
    },
    get oldest() {
      return oldest;
    },
    add(added, now) {
      for (const record of added) {
        records.push(record);
        bytes += sizeOf(record);
      }
      if (added.length > 0) oldest ??= now;
    },
    byTopic: () => Map.groupBy(records, (record) => record.topic),
    drop(count, now) {
      for (const record of records.slice(0, count)) bytes -= sizeOf(record);
      records = records.slice(count);
      oldest = records.length === 0 ? undefined : now;
    },
  };
}

function sizeOf(record: LogRecord): number {
  return record.value.byteLength + OVERHEAD;
}
