import { validateEvent, type EventType, type TableSpec } from "@cinelake/contracts";
import type { LogRecord } from "@cinelake/event_log";
import { silverRow, type EventRow } from "./event_rows.ts";

/** A record, read as far as it can be. */
export interface Decoded {
  readonly record: LogRecord;
  /** When it was read. */
  readonly readAt: Date;
  /** Whether the value is UTF-8. The text itself is not kept: it would double what a record that waits takes. */
  readonly isText: boolean;
  readonly result:
    | { readonly ok: true; readonly row: EventRow }
    /** Class of the problem, then what is wrong: `invalid_event: rating must be <= 5`. */
    | { readonly ok: false; readonly reason: string };
}

/** What the records of a topic must be, and the table that takes them. */
export interface DecodeTarget {
  readonly type: EventType;
  readonly silver: TableSpec;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Decodes, validates and types a record of a topic; total on any bytes. An event is judged by the
 * clock at which the log took it, so that reading it again gives the same verdict; a log's time that lies ahead of `now` does not count.
 */
export function decodeRecord(record: LogRecord, { type, silver }: DecodeTarget, now: Date): Decoded {
  const text = decodeText(record.value);
  const decoded = { record, readAt: now, isText: text !== undefined };
  const refused = (reason: string): Decoded => ({ ...decoded, result: { ok: false, reason } });
  if (text === undefined) return refused("invalid_json: the value is not UTF-8 text");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refused("invalid_json: the value is not JSON");
  }
  const checked = validateEvent(value, { type, now: Math.min(record.timestamp, now.getTime()) });
  if (!checked.ok) return refused(`invalid_event: ${checked.reason}`);
  return { ...decoded, result: { ok: true, row: silverRow(silver, record, checked, now) } };
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}
