import type { TrendingPublication } from "@cinelake/ranking";
import { expect, test } from "vitest";
import { appendTrending, type AppendPlan } from "../src/trending_table.ts";
import { NOW } from "./support/events.ts";
import { temporaryLake } from "./support/lake.ts";

const MINUTE = 60_000;

/** A list of one film that counts so many records, computed so many minutes after `NOW`. */
const counting = (records: number, minutes: number): TrendingPublication[] => [
  {
    window: "24h",
    computed_at: new Date(NOW + minutes * MINUTE).toISOString(),
    offsets: { "events_clicks/0": records },
    lists: { all: [{ movie_id: 7, score: 1, recent: 1, baseline: 0, users: 3, source: "live" }] },
  },
];

test("rows are appended every five minutes whoever computes them, and only if something has come", async () => {
  await using lake = await temporaryLake();
  const append = (publications: readonly TrendingPublication[], change: Partial<AppendPlan> = {}) =>
    appendTrending({ ...lake, clock: () => NOW }, publications, {
      places: 10,
      history: undefined,
      everyMs: 5 * MINUTE,
      ...change,
    });
  expect(await append(counting(3, 0))).toBe(true);
  expect(await append(counting(3, 6))).toBe(false);
  expect(await append(counting(4, 1))).toBe(false);
  expect(await append(counting(5, 5))).toBe(true);
  expect(await append(counting(5, 11), { history: 0 })).toBe(true);
  expect(await append(counting(5, 17), { history: 0 })).toBe(false);
  expect(await append(counting(6, 12), { history: 0, everyMs: 0 })).toBe(true);
  // A clock that was far ahead once does not stop the table for good.
  expect(await append(counting(7, 9999), { history: 0 })).toBe(true);
  expect(await append(counting(8, 20), { history: 0 })).toBe(true);
  expect(await lake.read("gold_trending_now")).toHaveLength(6);
});
