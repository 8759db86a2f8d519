import { CinelakeError } from "@cinelake/contracts";
import type { LogRecord, NewRecord, TopicPartition } from "./event_log.ts";

/** What one partition needs from its storage; `LocalLog` makes a log of it. */
export interface Partition {
  readonly at: TopicPartition;
  /** First kept offset. */
  readonly first: number;
  /** Offset of the record to come; all before it are durable. */
  readonly next: number;
  /** Offsets of the records, in their order. */
  append(records: readonly NewRecord[]): Promise<number[]>;
  /** Records from `offset` on, at least one if `first <= offset < next`. */
  read(offset: number, limits: ReadLimits): Promise<LogRecord[]>;
  /** Lets appends under way finish and refuses further ones. */
  close(): Promise<void>;
}

export interface ReadLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
}

export const DEFAULT_MAX_BYTES = 8 << 20;

/** As many of the first records as the limits allow, at least one if there is any. */
export function withinLimits(records: readonly LogRecord[], { maxRecords, maxBytes }: ReadLimits): LogRecord[] {
  let [count, bytes] = [0, 0];
  for (const { value } of records) {
    bytes += value.length;
    if (count >= maxRecords || (count > 0 && bytes > maxBytes)) break;
    count++;
  }
  return records.slice(0, count);
}

/** Fails with `log_offset_out_of_range` unless reading can start at `offset`. */
export function checkRange({ at, first, next }: Partition, offset: number): void {
  if (Number.isSafeInteger(offset) && offset >= first && offset <= next) return;
  throw rangeError({ ...at, offset }, first, next);
}

export function rangeError(place: TopicPartition & { offset: number }, first: number, next: number): CinelakeError {
  const { topic, partition, offset } = place;
  return new CinelakeError(
    "log_offset_out_of_range",
    `${topic}/${partition} holds offsets ${first} to ${next - 1}; ${offset} ` +
      (offset < first ? "is no longer kept" : "has not been written yet: was the log replaced?"),
    { details: { topic, partition, offset, first, next } },
  );
}

export function closedError(): CinelakeError {
  return new CinelakeError("log_unavailable", "The event log is closed");
}
