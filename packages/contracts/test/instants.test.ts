import * as fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalEventTs, parseRfc3339, utcDay } from "@cinelake/contracts";

const pad = (value: number, width = 2) => String(value).padStart(width, "0");
const instant = fc.integer({ min: Date.UTC(1, 0, 2), max: Date.UTC(9999, 11, 30) });
const offset = fc.record({ sign: fc.constantFrom(1, -1), hour: fc.nat(23), minute: fc.nat(59) });

/** The oracle: a clock `offset` away from UTC, written down by Date. */
function written(ms: number, { sign, hour, minute }: { sign: number; hour: number; minute: number }): string {
  const local = new Date(ms + sign * (hour * 60 + minute) * 60_000).toISOString().slice(0, -1);
  return `${local}${sign === 1 ? "+" : "-"}${pad(hour)}:${pad(minute)}`;
}

test("an instant is the same whatever offset it is written with", () => {
  fc.assert(fc.property(instant, offset, (ms, offset) => parseRfc3339(written(ms, offset)) === ms));
});

test("the canonical form is that instant with microseconds, and canonical again", () => {
  fc.assert(
    fc.property(instant, offset, fc.nat(999_999), (ms, offset, micros) => {
      const whole = Math.floor(ms / 1000) * 1000;
      const text = written(whole, offset).replace(".000", `.${pad(micros, 6)}`);
      const canonical = canonicalEventTs(text);
      expect(canonical).toBe(`${new Date(whole).toISOString().slice(0, -5)}.${pad(micros, 6)}Z`);
      expect(canonicalEventTs(canonical as string)).toBe(canonical);
    }),
  );
});

test("exactly the dates of the calendar are taken", () => {
  const day = fc.record({ y: fc.nat(9999), m: fc.integer({ min: 0, max: 13 }), d: fc.integer({ min: 0, max: 32 }) });
  fc.assert(
    fc.property(day, ({ y, m, d }) => {
      const text = `${pad(y, 4)}-${pad(m)}-${pad(d)}T00:00:00Z`;
      const leap = (y % 4 === 0 && y % 100 !== 0) || y % 400 === 0;
      const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][m - 1] ?? 0;
      expect(parseRfc3339(text) !== undefined).toBe(d >= 1 && d <= days);
    }),
    { numRuns: 1000, examples: [[{ y: 2000, m: 2, d: 29 }], [{ y: 1900, m: 2, d: 29 }], [{ y: 2026, m: 2, d: 30 }]] },
  );
});

test("any text gives a number or undefined", () => {
  const nearly = fc.stringMatching(/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{0,9})?([Zz]|[+-]\d\d:?\d\d)?$/);
  fc.assert(
    fc.property(fc.oneof(fc.string(), nearly), (text) => {
      const ms = parseRfc3339(text);
      expect(ms === undefined || Number.isSafeInteger(ms)).toBe(true);
      if (ms !== undefined && ms >= Date.UTC(0, 0, 1)) expect(parseRfc3339(canonicalEventTs(text) ?? "")).toBe(ms);
    }),
  );
});

test.each([
  ["no offset", "2026-01-31T18:00:00"],
  ["a date alone", "2026-01-31"],
  ["a blank for T", "2026-01-31 18:00:00Z"],
  ["an offset without a colon", "2026-01-31T18:00:00+0100"],
  ["an offset of 24 hours", "2026-01-31T18:00:00+24:00"],
  ["hour 24", "2026-01-31T24:00:00Z"],
  ["a leap second", "2016-12-31T23:59:60Z"],
  ["an empty fraction", "2026-01-31T18:00:00.Z"],
  ["a comma", "2026-01-31T18:00:00,5Z"],
  ["a line break behind", "2026-01-31T18:00:00Z\n"],
  ["other digits", "٢٠٢٦-01-31T18:00:00Z"],
  ["a year of five digits", "12026-01-31T18:00:00Z"],
])("%s is refused", (_what, text) => {
  expect(parseRfc3339(text)).toBeUndefined();
  expect(canonicalEventTs(text)).toBeUndefined();
});

test("letters may be small, digits beyond microseconds are cut off", () => {
  expect(parseRfc3339("2026-01-31t18:00:00.1239z")).toBe(Date.UTC(2026, 0, 31, 18, 0, 0, 123));
  expect(canonicalEventTs("2026-01-31T18:00:00.123456999+00:00")).toBe("2026-01-31T18:00:00.123456Z");
});

test("an instant that leaves the four-digit years has no canonical form", () => {
  expect(canonicalEventTs("9999-12-31T23:59:59-01:00")).toBeUndefined();
  expect(canonicalEventTs("0000-01-01T00:00:00+01:00")).toBeUndefined();
});

test("the day of an instant is that of UTC", () => {
  expect(utcDay(parseRfc3339("2026-02-01T00:30:00+01:00") as number)).toBe("2026-01-31");
});
