import { describe, expect, test } from "vitest";
import { offsetsAfter, planTransactions, startOffset, unwritten } from "../src/offsets.ts";

const at = { topic: "events_views", partition: 0 };

describe("offsets", () => {
  test("a partition is read from the lowest of its tables, and not before the first record kept", () => {
    const tables = [
      { name: "silver", offsets: new Map([[0, 9]]) },
      { name: "bronze", offsets: new Map([[0, 4]]) },
    ];
    expect(startOffset(at, tables, { first: 0, next: 20 })).toBe(4);
    expect(startOffset(at, tables, { first: 6, next: 20 })).toBe(6);
    expect(startOffset({ ...at, partition: 1 }, tables, { first: 0, next: 20 })).toBe(0);
    expect(startOffset(at, tables, { first: 0, next: 9 })).toBe(4);
  });

  test("a table that has read further than the log reaches stops the work", () => {
    const tables = [{ name: "silver_events_views", offsets: new Map([[0, 10]]) }];
    expect(() => startOffset(at, tables, { first: 0, next: 9 })).toThrow(
      expect.objectContaining({ code: "table_ahead_of_log", message: expect.stringContaining("silver_events_views") }),
    );
  });

  test("transactions name the version that they replace, and none is planned that does not move on", () => {
    const current = new Map([
      [0, 5],
      [1, 3],
    ]);
    const next = new Map([
      [0, 8],
      [1, 3],
      [2, 1],
    ]);
    expect(planTransactions("events_views", current, next)).toEqual([
      { appId: "stream_consumer/events_views/0", version: 8, expected: 5 },
      { appId: "stream_consumer/events_views/2", version: 1, expected: undefined },
    ]);
  });

  test("a table skips what it has", () => {
    const records = [3, 4, 5].map((offset) => ({ partition: 0, offset }));
    expect(unwritten(records, (each) => each, new Map([[0, 4]])).map(({ offset }) => offset)).toEqual([4, 5]);
    expect(offsetsAfter(records)).toEqual(new Map([[0, 6]]));
  });
});
