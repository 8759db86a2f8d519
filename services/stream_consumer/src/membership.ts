import { setImmediate as letOthersWork } from "node:timers/promises";
import { EVENT_TOPICS } from "@cinelake/contracts";
import { partitionKey, type Consumer, type Offsets, type TopicPartition } from "@cinelake/event_log";
import { decodeRecord } from "./decode.ts";
import type { Flusher } from "./flush.ts";
import { reportLag } from "./lag.ts";
import { startOffset } from "./offsets.ts";
import type { ResolvedOptions, ResolvedPorts } from "./ports.ts";
import { createRecordWriter } from "./record_writer.ts";
import { checkNotSetBack } from "./set_back.ts";
import { readOffsets } from "./topic_tables.ts";

/** Somebody waits until everything before `targets` is in the tables. */
export interface FlushRequest {
  readonly targets: Offsets;
  resolve(): void;
  reject(error: unknown): void;
}

/** What a membership shares with the service around it. */
export interface MembershipContext {
  readonly ports: ResolvedPorts;
  readonly options: ResolvedOptions;
  readonly flusher: Flusher;
  /** Waiting requests; the membership takes those out that it settles. */
  readonly requests: FlushRequest[];
  stopping(): boolean;
  /** What is wrong, in one line; undefined when flushes work again. */
  report(problem: string | undefined): void;
}

const POLL_MS = 100;
/** Few enough that decoding them does not keep others in this process waiting. */
const POLL_RECORDS = 1_000;
const LAG_MS = 5_000;
/** A flush finds out by itself that offsets were set back; this is for quiet times. */
const SET_BACK_MS = 5_000;

/**
 * One membership in the consumer group: reads and decodes while what it has read goes to the tables, until the service stops (then flushes
 * a last time). Throws when reading has to start anew from the tables' offsets: what it buffered is then simply read again.
 */
export async function consume(context: MembershipContext): Promise<void> {
  const { ports, options, flusher, requests } = context;
  const { log, clock, metrics } = ports;
  const writer = createRecordWriter(context);
  const positions = new Map<string, number>();
  let failure: { readonly error: unknown } | undefined;

  async function onAssigned(partitions: readonly TopicPartition[]): Promise<Offsets> {
    try {
      const starts = await startOffsets(ports, flusher, partitions);
      for (const [key, offset] of starts) positions.set(key, offset);
      return starts;
    } catch (error) {
      failure ??= { error };
      throw error;
    }
  }

  /** What cannot be written before the partitions go is read again by whoever has them next, and the rest by a new membership. */
  async function onRevoked(partitions: readonly TopicPartition[]): Promise<void> {
    if (!failure) await writer.writeOnce();
    for (const partition of partitions) positions.delete(partitionKey(partition));
  }

  async function read(consumer: Consumer, maxRecords: number): Promise<void> {
    const records = await consumer.poll({ maxRecords, maxWaitMs: POLL_MS });
    const now = new Date(clock());
    writer.buffer.add(records.map((record) => decodeRecord(record, flusher.targetOf(record.topic), now)));
    for (const record of records) positions.set(partitionKey(record), record.offset + 1);
    for (const [topic, { length }] of Map.groupBy(records, (record) => record.topic))
      metrics?.counter("cinelake_stream_records_read_total").inc({ topic }, length);
  }

  async function settleRequests(consumer: Consumer): Promise<void> {
    const held = consumer.assignment().map(partitionKey);
    const hasRead = (targets: Offsets) => held.every((key) => (positions.get(key) ?? 0) >= (targets.get(key) ?? 0));
    const ready = held.length === 0 ? [] : requests.filter(({ targets }) => hasRead(targets));
    if (ready.length === 0) return;
    const error = await writer.flush(consumer);
    if (writer.fatal()) return;
    for (const request of ready) {
      requests.splice(requests.indexOf(request), 1);
      if (error === undefined) request.resolve();
      else request.reject(error);
    }
  }

  await using consumer = await log.consumer({ group: options.group, topics: EVENT_TOPICS, onAssigned, onRevoked });
  let lagAt = 0;
  let lookedAt = clock();
  try {
    while (!context.stopping()) {
      const room = writer.room();
      if (room === 0) await writer.idle(POLL_MS);
      else await read(consumer, Math.min(POLL_RECORDS, room));
      failure ??= writer.fatal();
      if (failure) throw failure.error;
      if (!writer.hasFailed()) context.report(undefined);
      writer.flushIfDue(consumer);
      await settleRequests(consumer);
      if (metrics && clock() - lagAt >= LAG_MS) {
        lagAt = clock();
        await reportLag(metrics, ports, flusher.tables.values(), writer.buffer.byTopic(), positions);
      }
      if (clock() - lookedAt >= SET_BACK_MS) {
        lookedAt = clock();
        await checkNotSetBack(flusher.tables.values(), positions).catch((error: unknown) => (failure ??= { error }));
      }
      await letOthersWork();
    }
    await writer.flush(consumer);
  } finally {
    await writer.settled();
  }
}

/** Where to read each partition from; fails with `table_ahead_of_log` (offsets.ts). */
export async function startOffsets(
  { log, logger }: Pick<ResolvedPorts, "log" | "logger">,
  flusher: Pick<Flusher, "tables">,
  partitions: readonly TopicPartition[],
): Promise<Map<string, number>> {
  const starts = new Map<string, number>();
  for (const [topic, ofTopic] of Map.groupBy(partitions, (each) => each.topic)) {
    const tables = flusher.tables.get(topic);
    if (!tables) continue;
    await readOffsets(
      tables,
      ofTopic.map(({ partition }) => partition),
    );
    // After the tables': another member that commits in between must not look as if its tables were ahead of the log.
    const { first, next } = await log.offsets([topic]);
    for (const at of ofTopic) {
      const key = partitionKey(at);
      const kept = { first: first.get(key) ?? 0, next: next.get(key) ?? 0 };
      const named = [tables.silver, tables.bronze].map(({ spec, offsets }) => ({ name: spec.name, offsets }));
      const start = startOffset(at, named, kept);
      const lacking = Math.min(...named.map(({ offsets }) => offsets.get(at.partition) ?? 0));
      const lost = { partition: key, from: lacking, to: start };
      if (start > lacking) logger.warn(lost, "records were deleted from the log before the tables had them");
      starts.set(key, start);
    }
  }
  return starts;
}
