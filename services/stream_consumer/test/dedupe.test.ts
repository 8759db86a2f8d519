import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planDedupe } from "../src/dedupe.ts";
import { identityOf, type EventRow } from "../src/event_rows.ts";

const row = (fields: Partial<EventRow>): EventRow => ({
  event_id: "a",
  event_ts: "2026-01-02T10:00:00.000000Z",
  event_date: "2026-01-02",
  user_id: 1,
  movie_id: 1,
  rating: 4,
  log_partition: 0,
  log_offset: 0,
  ingestion_ts: "x",
  ...fields,
});
const later = "2026-01-02T11:00:00.000000Z";

describe("planDedupe", () => {
  test("an unknown event is inserted, its exact repeat dropped, wherever the repeat arrives", () => {
    const plan = planDedupe([row({}), row({ log_offset: 1, ingestion_ts: "y" })], []);
    expect(plan).toMatchObject({ insert: [{ log_offset: 0 }], replace: [], repeats: 1, conflicts: [] });
    expect(planDedupe([row({ log_offset: 7 })], [row({})])).toMatchObject({ insert: [], replace: [], repeats: 1 });
  });

  test("other content keeps the later event_ts, then the later offset", () => {
    const stored = row({ log_offset: 5, event_ts: later });
    expect(planDedupe([row({ log_offset: 9, rating: 1 })], [stored]).replace).toEqual([]);
    expect(planDedupe([row({ log_offset: 9, rating: 1, event_ts: later })], [stored]).replace).toMatchObject([
      { rating: 1 },
    ]);
    expect(planDedupe([row({ log_offset: 9, rating: 4, event_ts: later })], [row({})]).replace).toMatchObject([
      { event_ts: later },
    ]);
  });

  test("another user with the same id on that day is a conflict, on another day an event of its own", () => {
    const other = row({ user_id: 2, log_offset: 1, event_ts: later });
    expect(planDedupe([row({}), other], [])).toMatchObject({ insert: [{ user_id: 1 }], conflicts: [1], repeats: 0 });
    const nextDay = row({ user_id: 2, event_date: "2026-01-03", event_ts: "2026-01-03T00:00:00.000000Z" });
    expect(planDedupe([row({}), nextDay], []).insert).toHaveLength(2);
  });

  test("splitting the events into batches changes nothing", () => {
    const event = fc.record({
      event_id: fc.constantFrom("a", "b", "c"),
      user_id: fc.constantFrom(1, 1, 1, 2),
      rating: fc.constantFrom(1, 2),
      hour: fc.constantFrom("10", "11"),
      day: fc.constantFrom("02", "03"),
      cut: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const rows = events.map(({ event_id, user_id, rating, hour, day }, offset) =>
          row({
            event_id,
            user_id,
            rating,
            log_offset: offset,
            event_date: `2026-01-${day}`,
            event_ts: `2026-01-${day}T${hour}:00:00.000000Z`,
          }),
        );
        const table = new Map<string, EventRow>();
        const conflicts: number[] = [];
        let batch: EventRow[] = [];
        const commit = (): void => {
          const plan = planDedupe(batch, table.values());
          for (const each of plan.insert) expect(table.has(identityOf(each))).toBe(false);
          for (const each of [...plan.insert, ...plan.replace]) table.set(identityOf(each), each);
          conflicts.push(...plan.conflicts.map((index) => batch[index]?.log_offset ?? -1));
          batch = [];
        };
        rows.forEach((each, index) => {
          batch.push(each);
          if (events[index]?.cut) commit();
        });
        commit();
        const whole = planDedupe(rows, []);
        expect([...table.values()].sort(byOffset)).toEqual([...whole.insert].sort(byOffset));
        expect(conflicts).toEqual(whole.conflicts);
      }),
    );
  });
});

function byOffset(a: EventRow, b: EventRow): number {
  return a.log_offset - b.log_offset;
}
