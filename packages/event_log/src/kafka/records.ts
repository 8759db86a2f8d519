import type { MessageToProduce, RecordsBatch } from "@platformatic/kafka";
import type { LogRecord, NewRecord, TopicPartition } from "../event_log.ts";

const LOG_APPEND_TIME = 1 << 3;
const CONTROL = 1 << 5;
/** Shared by the records without: an object for each would be a good part of what small records take. */
const NO_HEADERS = Object.freeze({});

export function toMessage({ key, value, headers = {} }: NewRecord, at: TopicPartition): MessageToProduce {
  return {
    topic: at.topic,
    partition: at.partition,
    key: Buffer.from(key),
    value: Buffer.from(value),
    headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
  };
}

/** Records and the offset after them, which may lie further on where records have been compacted away or mark a transaction. */
export interface Decoded {
  readonly records: LogRecord[];
  readonly next: number;
}

/**
 * Records from `offset` on. A broker gives whole batches, so the first may begin before it. A record without key or value, which other
 * producers may write, has an empty one; of headers of one name the last counts.
 */
export function fromBatches(at: TopicPartition, batches: readonly RecordsBatch[], offset: number): Decoded {
  const records: LogRecord[] = [];
  let next = offset;
  for (const batch of batches) {
    const base = Number(batch.firstOffset);
    next = Math.max(next, base + batch.lastOffsetDelta + 1);
    if (batch.attributes & CONTROL) continue;
    const began = Number(batch.firstTimestamp);
    const took = batch.attributes & LOG_APPEND_TIME ? Number(batch.maxTimestamp) : undefined;
    for (const { offsetDelta, timestampDelta, key, value, headers } of batch.records) {
      if (base + offsetDelta < offset) continue;
      records.push({
        topic: at.topic,
        partition: at.partition,
        offset: base + offsetDelta,
        timestamp: took ?? began + Number(timestampDelta),
        key: key?.toString() ?? "",
        value: value ?? new Uint8Array(),
        headers: headers.length === 0 ? NO_HEADERS : headersOf(headers),
      });
    }
  }
  return { records, next };
}

function headersOf(headers: RecordsBatch["records"][number]["headers"]): Record<string, string> {
  return Object.fromEntries(headers.map(([name, text]) => [String(name ?? ""), String(text ?? "")]));
}
