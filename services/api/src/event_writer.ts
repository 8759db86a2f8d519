import { findError, type EventTopic } from "@cinelake/contracts";
import type { Appended, EventLog, NewRecord } from "@cinelake/event_log";
import { createBudget } from "./budget.ts";
import { problem } from "./http/problem.ts";

/** Why records are not taken now. */
export type Refusal = "stopping" | "events_in_flight" | "bytes_in_flight";

/** Writes records of many callers to the log with few appends. */
export interface EventWriter {
  /**
   * Resolves with one entry per record once the log has them all durably. Fails with `overloaded` when too much waits (nothing is
   * written then) and with `log_unavailable` when the log refuses (some may be written: sending the same event ids again is safe).
   */
  write(topic: EventTopic, records: readonly NewRecord[]): Promise<Appended[]>;
  /** Why so many records of so many bytes would not be taken now; undefined if they would. */
  refusal(records: number, bytes: number): Refusal | undefined;
  /** Resolves once everything accepted is settled; nothing is accepted after it was called. */
  close(): Promise<void>;
}

export interface EventWriterLimits {
  /** Records that may wait for the log, those being written included. */
  readonly records: number;
  /** Bytes of their values and keys. */
  readonly bytes: number;
  /** Most records in one append. */
  readonly batch: number;
}

interface Waiting {
  readonly records: readonly NewRecord[];
  readonly bytes: number;
  readonly resolve: (appended: Appended[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * While one append of a topic is under way, what comes in gathers for the next one, at most `batch` records (one caller's stay together).
 * When an append fails, what waits behind it is refused as well: a log that is away is waited for once, not once a round.
 */
export function createEventWriter(log: EventLog, limits: EventWriterLimits): EventWriter {
  const queues = new Map<EventTopic, Waiting[]>();
  const running = new Map<EventTopic, Promise<void>>();
  const bytesLeft = createBudget(limits.bytes);
  let inFlight = 0;
  let closed = false;

  function release(waiting: readonly Waiting[]): void {
    for (const { records, bytes } of waiting) {
      inFlight -= records.length;
      bytesLeft.give(bytes);
    }
  }

  async function drain(topic: EventTopic, queue: Waiting[]): Promise<void> {
    while (queue.length > 0) {
      const round = takeRound(queue, limits.batch);
      try {
        const appended = await log.append(
          topic,
          round.flatMap((each) => each.records),
        );
        let at = 0;
        for (const each of round) each.resolve(appended.slice(at, (at += each.records.length)));
      } catch (error) {
        const refused = unavailable(error);
        round.push(...queue.splice(0));
        for (const each of round) each.reject(refused);
      }
      release(round);
    }
    running.delete(topic);
  }

  const refusal = (records: number, bytes: number): Refusal | undefined => {
    if (closed) return "stopping";
    if (inFlight + records > limits.records) return "events_in_flight";
    return bytesLeft.fits(bytes) ? undefined : "bytes_in_flight";
  };
  return {
    refusal,
    write(topic, records) {
      if (records.length === 0) return Promise.resolve([]);
      const bytes = bytesOf(records);
      const refused = refusal(records.length, bytes);
      if (refused) return Promise.reject(overloaded(refused));
      inFlight += records.length;
      bytesLeft.take(bytes);
      const { promise, resolve, reject } = Promise.withResolvers<Appended[]>();
      const queue = queues.get(topic) ?? [];
      queues.set(topic, queue);
      queue.push({ records, bytes, resolve, reject });
      if (!running.has(topic))
        running.set(
          topic,
          Promise.resolve().then(() => drain(topic, queue)),
        );
      return promise;
    },
    async close() {
      closed = true;
      while (running.size > 0) await Promise.all(running.values());
    },
  };
}

/** Bytes of the records' values and keys. */
export function bytesOf(records: readonly NewRecord[]): number {
  return records.reduce((sum, { key, value }) => sum + key.length + value.byteLength, 0);
}

export function overloaded(refusal: Refusal): Error {
  const why = refusal === "stopping" ? "The service is stopping" : "Too many events wait for the log";
  return problem("overloaded", `${why}; send the same events again in a moment`, { reason: refusal });
}

function takeRound(queue: Waiting[], batch: number): Waiting[] {
  let size = 0;
  let count = 0;
  while (count < queue.length && (count === 0 || size + queue[count]!.records.length <= batch)) {
    size += queue[count]!.records.length;
    count++;
  }
  return queue.splice(0, count);
}

function unavailable(error: unknown): Error {
  const detail = findError(error)?.message ?? "it does not take events now";
  return Object.assign(
    problem("log_unavailable", `The event log did not confirm the events (${detail}); send the same events again`),
    { cause: error },
  );
}
