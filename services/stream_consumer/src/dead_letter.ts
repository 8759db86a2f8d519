import type { LogRecord, NewRecord } from "@cinelake/event_log";

/** Headers that a redriven record carries, so that the next dead letter counts on. */
export const ATTEMPT_HEADER = "cinelake_attempt";
export const FIRST_SEEN_HEADER = "cinelake_first_seen";

/** Value of a record in the dead-letter topic, as JSON. */
export interface DeadLetter {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** `invalid_json: ...`, `invalid_event: ...` or `event_id_conflict: ...`. */
  readonly reason: string;
  /** 1, and one more for each redrive. */
  readonly attempt: number;
  /** When the log first took the record, ISO 8601. */
  readonly first_seen: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value_base64: string;
}

/** Key of a record's dead letter: equal for every repetition. */
function deadLetterKey({ topic, partition, offset }: LogRecord): string {
  return `${topic}/${partition}/${offset}`;
}

/** The record for the dead-letter topic; a function of its input, so a repetition is equal byte by byte. */
export function deadLetter(record: LogRecord, reason: string): NewRecord {
  const { topic, partition, offset, headers } = record;
  const attempt = Number(headers[ATTEMPT_HEADER]);
  const letter: DeadLetter = {
    topic,
    partition,
    offset,
    reason,
    attempt: Number.isSafeInteger(attempt) && attempt > 0 ? attempt : 1,
    first_seen: headers[FIRST_SEEN_HEADER] ?? new Date(record.timestamp).toISOString(),
    headers,
    value_base64: Buffer.from(record.value).toString("base64"),
  };
  return { key: deadLetterKey(record), value: new TextEncoder().encode(JSON.stringify(letter)) };
}

/** Class of a reason, for metrics. */
export function reasonClass(reason: string): string {
  return reason.split(":", 1)[0] ?? reason;
}
