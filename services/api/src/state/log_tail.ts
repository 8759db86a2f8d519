import { partitionKey, tailLog, type EventLog, type LogRecord, type Offsets } from "@cinelake/event_log";
import { reached } from "./coverage.ts";
import { pause } from "./repeat.ts";

/** Follows topics of the log from given offsets; others can wait for a position. */
export interface LogTail {
  /** Next offset of each partition: all before it has been handed over. */
  position(): Offsets;
  /** Resolves true once everything before `position` has been handed over, false after `timeoutMs`. */
  waitFor(position: Offsets, timeoutMs: number): Promise<boolean>;
  stop(): Promise<void>;
}

export interface LogTailOptions {
  readonly topics: readonly string[];
  /** An offset of each partition. */
  readonly start: Offsets;
  /** Gets each partition's records in order, each once. */
  readonly onRecords: (records: readonly LogRecord[]) => void;
  /** Told of each failure; reading goes on where it was after `RETRY_MS`. */
  readonly onError: (error: unknown) => void;
}

const MAX_RECORDS = 2000;
const RETRY_MS = 200;

export function followLog(log: EventLog, { topics, start, onRecords, onError }: LogTailOptions): LogTail {
  const stopping = new AbortController();
  const { signal } = stopping;
  const read = new Map(start);
  const waiting = new Set<{ position: Offsets; resolve: (done: boolean) => void }>();

  const take = async (records: LogRecord[]): Promise<void> => {
    onRecords(records);
    const last = records.at(-1)!;
    read.set(partitionKey(last), last.offset + 1);
    for (const each of waiting) if (reached(read, each.position)) each.resolve(true);
  };
  const following = (async () => {
    while (!signal.aborted) {
      try {
        await tailLog(log, { topics, from: read, onRecords: take, signal, maxRecords: MAX_RECORDS });
      } catch (error) {
        if (signal.aborted) return;
        onError(error);
        await pause(RETRY_MS, signal);
      }
    }
  })();

  return {
    position: () => read,
    async waitFor(position, timeoutMs) {
      if (reached(read, position)) return true;
      if (timeoutMs <= 0 || signal.aborted) return false;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const entry = { position, resolve };
      waiting.add(entry);
      const timer = setTimeout(() => resolve(false), timeoutMs);
      const done = await promise;
      clearTimeout(timer);
      waiting.delete(entry);
      return done;
    },
    async stop() {
      stopping.abort();
      for (const each of waiting) each.resolve(false);
      await following;
    },
  };
}
