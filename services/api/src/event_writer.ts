import { findError, type EventTopic } from "@cinelake/contracts";
import type { Appended, EventLog, NewRecord } from "@cinelake/event_log";
import { problem } from "./http/problem.ts";

/** Writes records of many callers to the log with few appends. */
export interface EventWriter {
  /**
   * Resolves with one entry per record once the log has them all durably. Fails with `overloaded` when too much waits (nothing is
   * written then) and with `log_unavailable` when the log refuses (some may be written: sending the same event ids again is safe).
   */
  write(topic: EventTopic, records: readonly NewRecord[]): Promise<Appended[]>;
  /** Checks that so many records would be taken now. */
  hasRoom(records: number): boolean;
  /** Resolves once everything accepted is settled; nothing is accepted after it was called. */
  close(): Promise<void>;
}

interface Waiting {
  readonly records: readonly NewRecord[];
  readonly resolve: (appended: Appended[]) => void;
  readonly reject: (error: unknown) => void;
}

/** While one append of a topic is under way, what comes in gathers for the next one, at most `batch` records (one caller's stay together). */
export function createEventWriter(log: EventLog, limits: { inFlight: number; batch: number }): EventWriter {
  const queues = new Map<EventTopic, Waiting[]>();
  const running = new Map<EventTopic, Promise<void>>();
  let inFlight = 0;
  let closed = false;

  async function drain(topic: EventTopic, queue: Waiting[]): Promise<void> {
    while (queue.length > 0) {
      const round = takeRound(queue, limits.batch);
      const records = round.flatMap((each) => each.records);
      try {
        const appended = await log.append(topic, records);
        let at = 0;
        for (const each of round) each.resolve(appended.slice(at, (at += each.records.length)));
      } catch (error) {
        const refused = unavailable(error);
        for (const each of round) each.reject(refused);
      }
      inFlight -= records.length;
    }
    running.delete(topic);
  }

  const hasRoom = (records: number): boolean => !closed && inFlight + records <= limits.inFlight;
  return {
    hasRoom,
    write(topic, records) {
      if (records.length === 0) return Promise.resolve([]);
      if (!hasRoom(records.length)) {
        const why = closed ? "The service is stopping" : `${inFlight} events wait for the log`;
        return Promise.reject(problem("overloaded", `${why}; send the same events again in a moment`));
      }
      inFlight += records.length;
      const { promise, resolve, reject } = Promise.withResolvers<Appended[]>();
      const queue = queues.get(topic) ?? [];
      queues.set(topic, queue);
      queue.push({ records, resolve, reject });
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
