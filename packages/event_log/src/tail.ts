import { partitionKey, type EventLog, type LogRecord, type Offsets, type TopicPartition } from "./event_log.ts";

export interface TailOptions {
  readonly topics: readonly string[];
  /** Next offset to read of each `topic/partition`; a partition left out, or whose offset is no longer kept, starts at its first kept one. */
  readonly from: Offsets;
  /** Called with records of one partition, in order, one call at a time. */
  readonly onRecords: (records: LogRecord[]) => Promise<void>;
  readonly signal: AbortSignal;
  /** In one call of `onRecords`; 500 by default. */
  readonly maxRecords?: number;
}

const WAIT_MS = 5000;

/**
 * Reads every partition of the topics for ever, as records come, outside any consumer group. Resolves with the next offsets to read
 * once `signal` has fired and the last `onRecords` has ended. An error of the log or of `onRecords` ends it and is thrown; so does an
 * offset that has not been written yet (`log_offset_out_of_range`).
 */
export async function tailLog(log: EventLog, options: TailOptions): Promise<Offsets> {
  const counts = await log.topics();
  const { first } = await log.offsets(options.topics);
  const partitions = options.topics.flatMap((topic) =>
    Array.from({ length: counts.get(topic) ?? 0 }, (_, partition) => ({ topic, partition })),
  );
  const start = (at: TopicPartition): number => {
    const kept = first.get(partitionKey(at)) ?? 0;
    return Math.max(options.from.get(partitionKey(at)) ?? kept, kept);
  };
  const offsets = new Map(partitions.map((at) => [partitionKey(at), start(at)]));
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  let handing: Promise<void> = Promise.resolve();

  const follow = async (at: TopicPartition): Promise<void> => {
    const key = partitionKey(at);
    const limits = { maxRecords: options.maxRecords ?? 500, maxWaitMs: WAIT_MS, signal };
    while (!signal.aborted) {
      const records = await log.read({ ...at, offset: offsets.get(key)! }, limits);
      if (records.length === 0) continue;
      handing = handing.then(async () => {
        if (signal.aborted) return;
        await options.onRecords(records);
        offsets.set(key, records.at(-1)!.offset + 1);
      });
      await handing;
    }
  };
  const results = await Promise.allSettled(
    partitions.map((at) =>
      follow(at).catch((error: unknown) => {
        failed.abort();
        throw error;
      }),
    ),
  );
  const failure = results.find((result) => result.status === "rejected");
  if (failure) throw failure.reason;
  return offsets;
}
