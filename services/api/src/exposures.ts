import { randomUUID } from "node:crypto";
import { TOPICS, type ExposureEvent } from "@cinelake/contracts";
import type { EventLog, NewRecord } from "@cinelake/event_log";
import { sparingly, type Logger } from "@cinelake/runtime";
import type { RecordHeaders } from "./http/record_headers.ts";

/** A list that was answered to a user. */
interface AnsweredList {
  readonly requestId: string;
  readonly userId: number;
  readonly strategy: string;
  readonly modelVersion: string | null;
  readonly movieIds: readonly number[];
  /** Of the records. */
  readonly headers: RecordHeaders;
}

/** Tells the log what was shown to whom, behind the answers' backs: it never makes one wait, and drops what it cannot hold. */
export interface Exposures {
  add(list: AnsweredList): void;
  /** Writes what waits; nothing is taken after it was called. */
  close(): Promise<void>;
}

export const NO_EXPOSURES: Exposures = { add() {}, async close() {} };

export function createExposures(
  ports: { log: EventLog; logger: Logger; now: () => number; onDropped: (count: number) => void },
  limits: { readonly waiting: number; readonly flushMs: number },
): Exposures {
  const { log, logger, now, onDropped } = ports;
  const tell = sparingly((error) => logger.warn({ err: error }, "exposures could not be written and are dropped"));
  let waiting: NewRecord[] = [];
  let flushing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  async function flush(): Promise<void> {
    timer = undefined;
    const records = waiting;
    waiting = [];
    if (records.length === 0) return;
    try {
      await log.append(TOPICS.exposure, records);
    } catch (error) {
      onDropped(records.length);
      tell(error);
    }
  }
  return {
    add(list) {
      if (closed || waiting.length + list.movieIds.length > limits.waiting) return onDropped(list.movieIds.length);
      waiting.push(...exposureRecords(list, now()));
      timer ??= setTimeout(() => (flushing = flushing.then(flush)), limits.flushMs);
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await (flushing = flushing.then(flush));
    },
  };
}

/** One event per film, places from 1; their key is the user. */
function exposureRecords(list: AnsweredList, now: number): NewRecord[] {
  const encoder = new TextEncoder();
  return list.movieIds.map((movieId, at) => {
    const event: ExposureEvent = {
      event_id: randomUUID(),
      event_type: "exposure",
      event_ts: new Date(now).toISOString(),
      user_id: list.userId,
      movie_id: movieId,
      request_id: list.requestId,
      position: at + 1,
      variant: "default",
      strategy: list.strategy,
      model_version: list.modelVersion,
    };
    return { key: String(list.userId), value: encoder.encode(JSON.stringify(event)), headers: list.headers };
  });
}
