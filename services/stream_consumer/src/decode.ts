import { validateEvent, type CinelakeEvent, type EventType } from "@cinelake/contracts";
import type { LogRecord } from "@cinelake/event_log";

/** A record, read as far as it can be. */
export interface Decoded {
  readonly record: LogRecord;
  /** The value as text; undefined if it is not UTF-8. */
  readonly text: string | undefined;
  readonly result:
    | { readonly ok: true; readonly event: CinelakeEvent; readonly eventTsMs: number }
    /** Class of the problem, then what is wrong: `invalid_event: rating must be <= 5`. */
    | { readonly ok: false; readonly reason: string };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Decodes and validates a record of a topic; total on any bytes. `now` in milliseconds since the epoch. An event is judged by the clock
 * at which the log took it, so that reading it again gives the same verdict; a log's time that lies ahead of `now` does not count.
 */
export function decodeRecord(record: LogRecord, type: EventType, now: number): Decoded {
  const text = decodeText(record.value);
  if (text === undefined)
    return { record, text, result: { ok: false, reason: "invalid_json: the value is not UTF-8 text" } };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { record, text, result: { ok: false, reason: "invalid_json: the value is not JSON" } };
  }
  const checked = validateEvent(value, { type, now: Math.min(record.timestamp, now) });
  if (!checked.ok) return { record, text, result: { ok: false, reason: `invalid_event: ${checked.reason}` } };
  return { record, text, result: { ok: true, event: checked.event, eventTsMs: checked.eventTsMs } };
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}
