import { TOPICS } from "@cinelake/contracts";
import { expect, test } from "vitest";
import { decodeRecord } from "../src/decode.ts";
import { eventRecord, NOW } from "./support/events.ts";

test("a valid event is decoded with what trending needs", () => {
  const record = eventRecord("rating", { user_id: 5, movie_id: 6, rating: 4.5 });
  expect(decodeRecord(record)?.event).toEqual({ type: "rating", userId: 5, movieId: 6, eventTs: NOW, rating: 4.5 });
  const click = eventRecord("click", { click_type: "not_interested" });
  expect(decodeRecord(click)?.event.clickType).toBe("not_interested");
});

test("an event is identified by its id, in either case, and the UTC day of its time", () => {
  const id = "0F8FAD5B-D9CB-469F-A165-70867728950E";
  const first = decodeRecord(eventRecord("view", { event_id: id }));
  const again = decodeRecord(eventRecord("view", { event_id: id.toLowerCase(), movie_id: 9 }));
  const otherDay = decodeRecord(eventRecord("view", { event_id: id, event_ts: "2026-01-14T23:00:00Z" }));
  expect(again?.identity).toBe(first?.identity);
  expect(otherDay?.identity).not.toBe(first?.identity);
});

test.each([
  ["no JSON", { value: new TextEncoder().encode("{") }],
  ["no UTF-8", { value: new Uint8Array([0x7b, 0xff, 0x7d]) }],
  ["a missing field", eventRecord("view", { user_id: undefined })],
  ["another topic's type", { ...eventRecord("view"), topic: TOPICS.click }],
  ["a time that is none", eventRecord("view", { event_ts: "2026-02-30T13:00:00Z" })],
  ["an exposure", { ...eventRecord("view"), topic: TOPICS.exposure }],
])("%s counts nothing", (_, change) => {
  expect(decodeRecord({ ...eventRecord("view"), ...change })).toBeUndefined();
});
