import { setTimeout as sleep } from "node:timers/promises";
import { EVENT_TOPICS, findError } from "@cinelake/contracts";
import { partitionKey, type Consumer, type Offsets, type TopicPartition } from "@cinelake/event_log";
import { retryDelay } from "@cinelake/runtime";
import { createBuffer } from "./buffer.ts";
import type { Flusher } from "./flush.ts";
import { reportLag } from "./lag.ts";
import { startOffset } from "./offsets.ts";
import type { ResolvedOptions, ResolvedPorts } from "./ports.ts";
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
const POLL_RECORDS = 5_000;
const LAG_MS = 5_000;

/**
 * One membership in the consumer group: reads, buffers and flushes until the service stops (then flushes a last time). Throws when
 * reading has to start anew from the tables' offsets: what it buffered is then simply read again.
 */
export async function consume(context: MembershipContext): Promise<void> {
  const { ports, options, flusher, requests } = context;
  const { log, logger, clock } = ports;
  const buffer = createBuffer();
  const positions = new Map<string, number>();
  let failures = 0;
  let retryAt = 0;
  let fatal: { readonly error: unknown } | undefined;

  async function onAssigned(partitions: readonly TopicPartition[]): Promise<Offsets> {
    try {
      const starts = await startOffsets(ports, flusher, partitions);
      for (const [key, offset] of starts) positions.set(key, offset);
      return starts;
    } catch (error) {
      fatal ??= { error };
      throw error;
    }
  }

  /** The group may take partitions away at any time, also during a flush: one writes after the other. */
  let writing: Promise<unknown> = Promise.resolve();
  function writeBuffer(): Promise<Offsets> {
    const work = async (): Promise<Offsets> => {
      const count = buffer.rows;
      if (count === 0) return new Map();
      const written = await flusher.write(buffer.byTopic());
      buffer.drop(count, clock());
      return written;
    };
    const turn = writing.then(work);
    writing = turn.catch(() => undefined);
    return turn;
  }

  /** What cannot be written before the partitions go is read again by whoever has them next, and the rest by a new membership. */
  async function onRevoked(partitions: readonly TopicPartition[]): Promise<void> {
    try {
      if (!fatal) await writeBuffer();
    } catch (error) {
      fatal = { error };
    }
    for (const partition of partitions) positions.delete(partitionKey(partition));
  }

  /** Empties the buffer, or gives the error after which it is tried again. */
  async function flush(consumer: Consumer): Promise<unknown> {
    try {
      const written = await writeBuffer();
      failures = 0;
      context.report(undefined);
      if (written.size > 0) await commitForLagTools(ports, consumer, written);
      return undefined;
    } catch (error) {
      if (findError(error, "delta_txn_conflict")) {
        fatal = { error };
        throw error;
      }
      failures++;
      const delay = retryDelay(failures, { delays: options.retryDelaysMs });
      retryAt = clock() + delay;
      const topics = [...buffer.byTopic().keys()];
      for (const topic of topics) ports.metrics?.counter("cinelake_stream_flushes_failed_total").inc({ topic });
      context.report(`flush failed ${failures} times, ${buffer.rows} records wait: ${messageOf(error)}`);
      logger.error({ err: error, failures, retry_in_ms: Math.round(delay) }, "flush failed; its records are kept");
      return error;
    }
  }

  const isFull = () => buffer.rows >= options.flushRows || buffer.bytes >= options.flushBytes;
  const isDue = () => isFull() || (buffer.oldest !== undefined && clock() - buffer.oldest >= options.flushIntervalMs);

  async function settleRequests(consumer: Consumer): Promise<void> {
    const held = consumer.assignment().map(partitionKey);
    const hasRead = (targets: Offsets) => held.every((key) => (positions.get(key) ?? 0) >= (targets.get(key) ?? 0));
    const ready = held.length === 0 ? [] : requests.filter(({ targets }) => hasRead(targets));
    if (ready.length === 0) return;
    const error = await flush(consumer);
    for (const request of ready) {
      requests.splice(requests.indexOf(request), 1);
      if (error === undefined) request.resolve();
      else request.reject(error);
    }
  }

  await using consumer = await log.consumer({ group: options.group, topics: EVENT_TOPICS, onAssigned, onRevoked });
  let lagAt = 0;
  while (!context.stopping()) {
    if (isFull()) await sleep(Math.min(POLL_MS, Math.max(0, retryAt - clock())));
    else {
      const maxRecords = Math.min(POLL_RECORDS, options.flushRows - buffer.rows);
      const records = await consumer.poll({ maxRecords, maxWaitMs: POLL_MS });
      buffer.add(records, clock());
      for (const record of records) positions.set(partitionKey(record), record.offset + 1);
    }
    if (fatal) throw fatal.error;
    if (failures === 0) context.report(undefined);
    if (isDue() && clock() >= retryAt) await flush(consumer);
    await settleRequests(consumer);
    if (ports.metrics && clock() - lagAt >= LAG_MS) {
      lagAt = clock();
      await reportLag(ports.metrics, ports, flusher.tables.values(), buffer.byTopic());
    }
  }
  await flush(consumer);
}

/** Where to read each partition from; fails with `table_ahead_of_log` (offsets.ts). */
export async function startOffsets(
  { log, logger }: Pick<ResolvedPorts, "log" | "logger">,
  flusher: Pick<Flusher, "tables">,
  partitions: readonly TopicPartition[],
): Promise<Map<string, number>> {
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  const { first, next } = await log.offsets(topics);
  const starts = new Map<string, number>();
  for (const [topic, ofTopic] of Map.groupBy(partitions, (each) => each.topic)) {
    const tables = flusher.tables.get(topic);
    if (!tables) continue;
    await readOffsets(
      tables,
      ofTopic.map(({ partition }) => partition),
    );
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

/** Nothing depends on the group's offsets, so a failure is only logged. */
async function commitForLagTools({ logger }: ResolvedPorts, consumer: Consumer, written: Offsets): Promise<void> {
  const held = new Set(consumer.assignment().map(partitionKey));
  try {
    await consumer.commit(new Map([...written].filter(([key]) => held.has(key))));
  } catch (error) {
    logger.warn({ err: error }, "the group's offsets could not be committed; lag tools show too much");
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
