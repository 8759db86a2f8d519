const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;
const MINUTE = 60_000;

/** An instant: whole milliseconds since the epoch, and the microseconds (0..999) beyond them. */
interface Instant {
  readonly ms: number;
  readonly micros: number;
}

/**
 * Milliseconds since the epoch (further digits cut off) of an RFC 3339 date-time with an offset; undefined for anything else,
 * dates that no calendar has, and leap seconds, which tables cannot hold. `T` and `Z` in either case.
 */
export function parseRfc3339(text: string): number | undefined {
  return parseInstant(text)?.ms;
}

const DAY = 86_400_000;
/** The form that JavaScript writes; its year, month and so on are checked elsewhere. */
const USUAL = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** The same instant as `YYYY-MM-DDTHH:MM:SS.ffffffZ`, as tables are read (further digits cut off); undefined like parseRfc3339. */
export function canonicalEventTs(text: string): string | undefined {
  const instant = parseInstant(text);
  if (!instant) return undefined;
  if (USUAL.test(text)) return `${text.slice(0, -1)}000Z`;
  const date = new Date(instant.ms);
  if (date.getUTCFullYear() < 0 || date.getUTCFullYear() > 9999) return undefined;
  return `${date.toISOString().slice(0, -1)}${String(instant.micros).padStart(3, "0")}Z`;
}

/** The text read last and what it was: an event's is asked for several times in a row. */
let last: { readonly text: string; readonly instant: Instant | undefined } = { text: "", instant: undefined };

function parseInstant(text: string): Instant | undefined {
  if (text !== last.text) last = { text, instant: readInstant(text) };
  return last.instant;
}

function readInstant(text: string): Instant | undefined {
  const match = RFC3339.exec(text);
  if (!match) return undefined;
  const [month, day] = [Number(match[2]), Number(match[3])];
  const [hour, minute, second] = [Number(match[4]), Number(match[5]), Number(match[6])];
  const offsetHour = Number(match[9] ?? 0);
  const offsetMinute = Number(match[10] ?? 0);
  if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) return undefined;
  const date = new Date(0);
  const midnight = date.setUTCFullYear(Number(match[1]), month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const micros = Number((match[7] ?? "").slice(0, 6).padEnd(6, "0"));
  const offset = (match[8] === "-" ? -1 : 1) * (offsetHour * 60 + offsetMinute) * MINUTE;
  const ms = midnight + (hour * 60 + minute) * MINUTE + second * 1000 + Math.floor(micros / 1000) - offset;
  return { ms, micros: micros % 1000 };
}

let lastDay = { day: Number.NaN, text: "" };

/** UTC day of an instant in milliseconds, `YYYY-MM-DD`. Throws a RangeError outside what Date holds. */
export function utcDay(ms: number): string {
  const day = Math.floor(ms / DAY);
  if (day !== lastDay.day) lastDay = { day, text: new Date(ms).toISOString().slice(0, 10) };
  return lastDay.text;
}
