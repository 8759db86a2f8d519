import type { Decoded } from "./decode.ts";

/** Records read and not yet in the tables, with what decides when to flush. */
export interface RecordBuffer {
  readonly rows: number;
  readonly bytes: number;
  /** When the oldest record was read, milliseconds since the epoch; undefined when empty. */
  readonly oldest: number | undefined;
  add(records: readonly Decoded[]): void;
  /** Records by topic, in the order read. */
  byTopic(): ReadonlyMap<string, readonly Decoded[]>;
  /** Takes the first `count` records out; those added meanwhile stay. */
  drop(count: number): void;
}

/** A record's share of memory beside its value, roughly: objects, key, headers, the Silver row. */
const OVERHEAD = 700;

export function createBuffer(): RecordBuffer {
  let records: Decoded[] = [];
  let bytes = 0;
  return {
    get rows() {
      return records.length;
    },
    get bytes() {
      return bytes;
    },
    get oldest() {
      return records[0]?.readAt.getTime();
    },
    add(added) {
      for (const record of added) {
        records.push(record);
        bytes += sizeOf(record);
      }
    },
    byTopic: () => Map.groupBy(records, ({ record }) => record.topic),
    drop(count) {
      for (let index = 0; index < count; index++) bytes -= sizeOf(records[index]!);
      records = records.slice(count);
    },
  };
}

function sizeOf({ record }: Decoded): number {
  return record.value.byteLength + OVERHEAD;
}
