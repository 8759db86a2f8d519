import { EVENT_TOPICS, type EventTopic } from "@cinelake/contracts";
import { MAX_RECORD_BYTES, type Appended, type LogRecord, type NewRecord } from "@cinelake/event_log";

/** Headers that a redriven record carries, so that the next dead letter counts on. */
export const ATTEMPT_HEADER = "cinelake_attempt";
export const FIRST_SEEN_HEADER = "cinelake_first_seen";

/** What a letter may hold, so that the log takes it together with its own key. */
const MAX_LETTER_BYTES = MAX_RECORD_BYTES - 1000;

/** Value of a record in the dead-letter topic, as JSON. */
export interface DeadLetter {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** The record's own key; absent where `value_base64` is null, and in letters of versions that did not keep it. */
  readonly key?: string;
  /** `invalid_json: ...`, `invalid_event: ...` or `event_id_conflict: ...`. */
  readonly reason: string;
  /** 1, and one more for each redrive. */
  readonly attempt: number;
  /** When the log first took the record, ISO 8601. */
  readonly first_seen: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Null if the record is too large for a letter that holds it: its topic still has it, and Bronze. */
  readonly value_base64: string | null;
}

/** The other value in the dead-letter topic: the letter of the same key and `first_seen` has been put back into its topic. */
export interface RedriveMark {
  readonly redriven_as: Appended;
  readonly first_seen: string;
  readonly redriven_at: string;
}

/** Key of a record's dead letter and of its mark: equal for every repetition. */
function deadLetterKey({ topic, partition, offset }: Appended): string {
  return `${topic}/${partition}/${offset}`;
}

/** The record for the dead-letter topic; a function of its input, so a repetition is equal byte by byte. */
export function deadLetter(record: LogRecord, reason: string): NewRecord {
  const { topic, partition, offset, key, headers } = record;
  const place = { topic, partition, offset };
  const fate = { reason, ...historyOf(record) };
  const value_base64 = Buffer.from(record.value).toString("base64");
  const whole = encode({ ...place, key, ...fate, headers, value_base64 } satisfies DeadLetter);
  const isTooLarge = whole.byteLength > MAX_LETTER_BYTES;
  const value = isTooLarge
    ? encode({ ...place, ...fate, headers: {}, value_base64: null } satisfies DeadLetter)
    : whole;
  return { key: deadLetterKey(record), value };
}

/** Says that the letter's record is in its topic again, at `redriven_as`. */
export function redriveMark(letter: DeadLetter, redriven_as: Appended, now: number): NewRecord {
  const { topic, partition, offset } = redriven_as;
  const mark: RedriveMark = {
    redriven_as: { topic, partition, offset },
    first_seen: letter.first_seen,
    redriven_at: new Date(now).toISOString(),
  };
  return { key: deadLetterKey(letter), value: encode(mark) };
}

/** How often the record has been tried, with this time, and when the log first took it. */
export function historyOf({ headers, timestamp }: LogRecord): Pick<DeadLetter, "attempt" | "first_seen"> {
  const attempt = Number(headers[ATTEMPT_HEADER]);
  return {
    attempt: Number.isSafeInteger(attempt) && attempt > 0 ? attempt : 1,
    first_seen: headers[FIRST_SEEN_HEADER] ?? new Date(timestamp).toISOString(),
  };
}

/** What a record of the dead-letter topic says; undefined for anything that is neither letter nor mark. Total on any bytes. */
export function parseDeadLetter({ value }: Pick<LogRecord, "value">): DeadLetter | RedriveMark | undefined {
  let parsed: Partial<DeadLetter & RedriveMark> | null;
  try {
    parsed = JSON.parse(Buffer.from(value).toString("utf8")) as typeof parsed;
  } catch {
    return undefined;
  }
  if (typeof parsed?.first_seen !== "string") return undefined;
  if (isPlace(parsed.redriven_as)) return parsed as RedriveMark;
  const isLetter =
    isPlace(parsed) &&
    typeof parsed.reason === "string" &&
    Number.isSafeInteger(parsed.attempt) &&
    (parsed.key === undefined || typeof parsed.key === "string") &&
    (parsed.value_base64 === null || typeof parsed.value_base64 === "string") &&
    isTextMap(parsed.headers);
  return isLetter ? (parsed as DeadLetter) : undefined;
}

/** Class of a reason, for metrics. */
export function reasonClass(reason: string): string {
  return reason.split(":", 1)[0] ?? reason;
}

function encode(value: DeadLetter | RedriveMark): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function isPlace(value: Partial<Appended> | undefined): boolean {
  const { topic, partition, offset } = value ?? {};
  return EVENT_TOPICS.includes(topic as EventTopic) && isCount(partition) && isCount(offset);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTextMap(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.values(value).every((text) => typeof text === "string");
}
