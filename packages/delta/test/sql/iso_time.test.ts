import * as fc from "fast-check";
import { expect, test } from "vitest";
import { daysOfDate, microsOfTimestamp } from "../../src/sql/iso_time.ts";

const DAY = 86_400_000;
const two = (value: number): string => String(value).padStart(2, "0");

test("every text of the form YYYY-MM-DD is the day that the calendar has, or none", () => {
  const part = fc.integer({ min: 0, max: 99 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9999 }), part, part, (year, month, day) => {
      const text = `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
      const date = new Date(`${text}T00:00:00Z`);
      const exists = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
      expect(daysOfDate(text)).toBe(exists ? date.getTime() / DAY : undefined);
    }),
    {
      numRuns: 5_000,
      examples: [
        [1900, 2, 29],
        [2000, 2, 29],
        [0, 1, 1],
        [9999, 12, 31],
      ],
    },
  );
});

test("an instant as JavaScript and this package write it is read exactly", () => {
  const range = { min: Date.UTC(0, 0, 1) - 1900 * 366 * DAY, max: Date.UTC(9999, 11, 31) };
  const micros = fc.integer({ min: 0, max: 999 });
  fc.assert(
    fc.property(fc.integer(range), micros, fc.boolean(), fc.constantFrom("T", " "), (ms, extra, isUtc, separator) => {
      const date = new Date(ms);
      fc.pre(date.getUTCFullYear() >= 0);
      const text = date.toISOString().slice(0, -1).replace("T", separator) + String(extra).padStart(3, "0");
      const expected = BigInt(ms) * 1000n + BigInt(extra);
      expect(microsOfTimestamp(isUtc ? `${text}Z` : text, isUtc)).toBe(expected);
      expect(microsOfTimestamp(isUtc ? text : `${text}Z`, isUtc)).toBeUndefined();
    }),
    { numRuns: 5_000 },
  );
});

test.each([
  ["2026-01-02T03:04:05Z", 0n],
  ["2026-01-02T03:04:05.1Z", 100_000n],
  ["2026-01-02T03:04:05.000001Z", 1n],
])("%s counts its fraction", (text, fraction) => {
  expect(microsOfTimestamp(text, true)).toBe(BigInt(Date.UTC(2026, 0, 2, 3, 4, 5)) * 1000n + fraction);
});

test.each([
  "",
  "Z",
  "2026-01-02",
  "2026-01-02T03:04Z",
  "2026-01-02T24:00:00Z",
  "2026-01-02T03:60:00Z",
  "2026-01-02T03:04:60Z",
  "2026-01-02T03:04:05.Z",
  "2026-01-02T03:04:05.1234567Z",
  "2026-01-02T03:04:05.12x4Z",
  "2026-01-02T03:04:05+00:00",
  "2026-02-30T03:04:05Z",
  "2026-01-02x03:04:05Z",
  "+26-01-02T03:04:05Z",
])("%j is left to others", (text) => {
  expect(microsOfTimestamp(text, true)).toBeUndefined();
});
