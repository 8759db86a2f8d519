import type { LogRecord } from "@cinelake/event_log";
import { tableSpec } from "@cinelake/contracts";
import { describe, expect, test } from "vitest";
import { deadLetter } from "../src/dead_letter.ts";
import { decodeRecord } from "../src/decode.ts";
import { bronzeRow } from "../src/event_rows.ts";

const RATINGS = { type: "rating", silver: tableSpec("silver_events_ratings") } as const;
const now = Date.parse("2026-01-02T12:00:00Z");
const event = {
  event_id: "0F8FAD5B-D9CB-469F-A165-70867728950E",
  event_type: "rating",
  event_ts: "2026-01-02T23:59:59.123456789+05:00",
  user_id: 7,
  movie_id: 3,
  rating: 4.3,
  unknown_field: { kept: "in Bronze" },
};

function record(value: unknown, fields: Partial<LogRecord> = {}): LogRecord {
  const bytes =
    value instanceof Uint8Array ? value : Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
  return {
    topic: "events_ratings",
    partition: 1,
    offset: 12,
    key: "7",
    headers: {},
    timestamp: now - 8 * 3600_000,
    ...fields,
    value: bytes,
  };
}
const late = { timestamp: Date.parse("2026-01-02T19:00:00Z") };

describe("records", () => {
  test("a valid event becomes a Silver row: id in lower case, instant in UTC, unknown fields dropped", () => {
    const decoded = decodeRecord(record(event, late), RATINGS, new Date(late.timestamp));
    if (!decoded.result.ok) throw new Error(decoded.result.reason);
    expect(decoded.result.row).toEqual({
      event_id: "0f8fad5b-d9cb-469f-a165-70867728950e",
      event_ts: "2026-01-02T18:59:59.123456Z",
      event_date: "2026-01-02",
      user_id: 7,
      movie_id: 3,
      rating: Math.fround(4.3),
      review_text: null,
      log_partition: 1,
      log_offset: 12,
      ingestion_ts: new Date(late.timestamp),
    });
  });

  test.each([
    ["not JSON", "{", /^invalid_json/],
    ["no bytes", "", /^invalid_json/],
    ["bytes that are not UTF-8", new Uint8Array([0xff, 0xfe]), /^invalid_json/],
    ["no object", "null", /^invalid_event/],
    ["another topic's type", { ...event, event_type: "view" }, /^invalid_event: event_type/],
    ["a rating out of range", { ...event, rating: 9 }, /^invalid_event: rating/],
    [
      "an id beyond 2^53 - 1",
      JSON.stringify(event).replace('"user_id":7', '"user_id":9007199254740993'),
      /^invalid_event: user_id/,
    ],
  ])("%s is invalid, and Bronze has it as received", (_, value, reason) => {
    const decoded = decodeRecord(record(value, late), RATINGS, new Date(late.timestamp));
    expect(decoded.result).toMatchObject({ ok: false, reason: expect.stringMatching(reason) });
    const row = bronzeRow(decoded);
    const bytes =
      row["value_base64"] === null
        ? Buffer.from(String(row["value"]))
        : Buffer.from(String(row["value_base64"]), "base64");
    expect(bytes.equals(decoded.record.value)).toBe(true);
  });

  test("an event is judged by the clock of the log, so reading it again later gives the same verdict", () => {
    const early = record({ ...event, event_ts: "2026-01-02T12:00:00Z" }, { timestamp: now - 3600_000 });
    expect(decodeRecord(early, RATINGS, new Date(now)).result.ok).toBe(false);
    expect(decodeRecord(early, RATINGS, new Date(now + 86_400_000)).result.ok).toBe(false);
    const lying = record({ ...event, event_ts: "2026-02-02T12:00:00Z" }, { timestamp: now + 90 * 86_400_000 });
    expect(decodeRecord(lying, RATINGS, new Date(now)).result.ok).toBe(false);
  });

  test("a dead letter is equal byte by byte when it is repeated, and counts attempts on", () => {
    const bad = record("{", {
      headers: { cinelake_attempt: "3", cinelake_first_seen: "2026-01-01T00:00:00.000Z", other: "ü" },
    });
    const letter = deadLetter(bad, "invalid_json: x");
    expect(letter).toEqual(deadLetter({ ...bad }, "invalid_json: x"));
    expect(letter.key).toBe("events_ratings/1/12");
    expect(JSON.parse(Buffer.from(letter.value).toString())).toEqual({
      topic: "events_ratings",
      partition: 1,
      offset: 12,
      key: bad.key,
      reason: "invalid_json: x",
      attempt: 3,
      first_seen: "2026-01-01T00:00:00.000Z",
      headers: bad.headers,
      value_base64: Buffer.from("{").toString("base64"),
    });
  });
});
