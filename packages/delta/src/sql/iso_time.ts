/**
 * Days since the epoch of the text `YYYY-MM-DD`; undefined for anything else and for days that no calendar has. Reads characters, for it is
 * asked for every row that is written.
 */
export function daysOfDate(text: string): number | undefined {
  return text.length === 10 ? daysAt(text) : undefined;
}

/**
 * Microseconds since the epoch of `YYYY-MM-DDTHH:MM:SS[.ffffff]`, then `Z` if `isUtc` (a space may stand for the `T`); undefined for anything
 * else, other forms of an instant among them.
 */
export function microsOfTimestamp(text: string, isUtc: boolean): bigint | undefined {
  const end = isUtc ? text.length - 1 : text.length;
  if (isUtc && text.charCodeAt(end) !== UPPER_Z) return undefined;
  const days = daysAt(text);
  const separator = text.charCodeAt(10);
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  if (days === undefined || (separator !== UPPER_T && separator !== SPACE)) return undefined;
  if (text.charCodeAt(13) !== COLON || text.charCodeAt(16) !== COLON) return undefined;
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return undefined;
  const micros = fractionAt(text, 19, end);
  if (micros === undefined) return undefined;
  const milliseconds = ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000;
  const all = milliseconds * 1000 + micros;
  return Number.isSafeInteger(all) ? BigInt(all) : BigInt(milliseconds) * 1000n + BigInt(micros);
}

const [ZERO, MINUS, COLON, POINT, SPACE, UPPER_T, UPPER_Z] = [48, 45, 58, 46, 32, 84, 90];
const MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Of the ten characters at the beginning; the count of days is that of H. Hinnant's days_from_civil (chrono-compatible low-level date algorithms). */
function daysAt(text: string): number | undefined {
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  if (text.charCodeAt(4) !== MINUS || text.charCodeAt(7) !== MINUS) return undefined;
  if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= MONTH_DAYS[month - 1]!)) return undefined;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (month === 2 && day === 29 && !isLeap) return undefined;
  const marchYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** Microseconds of nothing or of a point with one to six digits, which must end at `end`. */
function fractionAt(text: string, from: number, end: number): number | undefined {
  if (end === from) return 0;
  const digits = end - from - 1;
  if (text.charCodeAt(from) !== POINT || digits < 1 || digits > 6) return undefined;
  let value = 0;
  for (let at = from + 1; at < end; at++) value = value * 10 + digit(text, at);
  if (Number.isNaN(value)) return undefined;
  return value * 10 ** (6 - digits);
}

/** NaN if one of the two is no digit. */
function twoDigits(text: string, at: number): number {
  return digit(text, at) * 10 + digit(text, at + 1);
}

function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - ZERO!;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}
