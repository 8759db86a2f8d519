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

/** The same instant as `YYYY-MM-DDTHH:MM:SS.ffffffZ`, as tables are read (further digits cut off); undefined like parseRfc3339. */
export function canonicalEventTs(text: string): string | undefined {
  const instant = parseInstant(text);
  if (!instant) return undefined;
  const date = new Date(instant.ms);
  if (date.getUTCFullYear() < 0 || date.getUTCFullYear() > 9999) return undefined;
  return `${date.toISOString().slice(0, -1)}${String(instant.micros).padStart(3, "0")}Z`;
}

function parseInstant(text: string): Instant | undefined {
  const match = RFC3339.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const offsetHour = Number(match[9] ?? 0);
  const offsetMinute = Number(match[10] ?? 0);
  if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) return undefined;
  const midnight = new Date(0).setUTCFullYear(year, month - 1, day);
  const date = new Date(midnight);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const fraction = (match[7] ?? "").padEnd(6, "0");
  const offset = (match[8] === "-" ? -1 : 1) * (offsetHour * 60 + offsetMinute) * MINUTE;
  const ms = midnight + (hour * 60 + minute) * MINUTE + second * 1000 + Number(fraction.slice(0, 3)) - offset;
  return { ms, micros: Number(fraction.slice(3, 6)) };
}

/** UTC day of an instant in milliseconds, `YYYY-MM-DD`. Throws a RangeError outside what Date holds. */
export function utcDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
