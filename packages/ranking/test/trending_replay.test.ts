import { createTrending } from "@cinelake/ranking";
import {
  burstEvents,
  communityLog,
  decayedCount,
  detectionDelays,
  inOrder,
  precisionAtK,
  replay,
  seededRandom,
  syntheticRatings,
  trendingList,
  type Burst,
  type ReplayEvent,
  type TrendingSystem,
} from "@cinelake/testkit";
import { expect, test } from "vitest";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 1);
const DAYS = 6;
const ABSENT = 1_000_000;
const FRESH_FROM = 500_000;

/** Three hundred users who rate two thousand times a day. */
const community = communityLog(syntheticRatings({ users: 300, films: 2_000, count: 12_000 }, seededRandom(1)), {
  startTs: START,
  days: DAYS,
  random: seededRandom(2),
});
const audience = Array.from({ length: 2_000 }, (_, index) => 100_000 + index);

function listOf(window: "1h" | "24h"): TrendingSystem {
  const trending = createTrending();
  trending.seedHistory([], new Set([...community.map(({ userId }) => userId), ...audience]));
  return trendingList(trending, window);
}

const burst = (index: number, startTs: number, users: number, overMs: number): Burst => ({
  movieId: ABSENT + index,
  startTs,
  users: Array.from({ length: users }, (_, each) => audience[(97 * index + each) % audience.length]!),
  overMs,
});

/** Place, from 1, of the best absent film after these events in the middle of the fifth day. */
function placeAfter(events: readonly Omit<ReplayEvent, "eventTs">[], system: TrendingSystem): number {
  const now = START + 4.5 * DAY;
  const log = [
    ...community.filter(({ eventTs }) => eventTs < now),
    ...events.map((event) => ({ ...event, eventTs: now })),
  ];
  let place = -1;
  replay(log, system, {
    startTs: now + 1,
    endTs: now + 1,
    stepMs: 1,
    at: (at) => (place = system.top(at, 10_000).findIndex((movieId) => movieId >= ABSENT)),
  });
  return place < 0 ? Infinity : place + 1;
}

test("one user's thousand events bring no film into the top twenty, which they lead by decayed counts", () => {
  const onOne = Array.from({ length: 1_000 }, () => ({ userId: audience[0]!, movieId: ABSENT, stars: 5 }));
  const onMany = onOne.map((event, index) => ({ ...event, movieId: ABSENT + index }));
  for (const window of ["1h", "24h"] as const) {
    expect(placeAfter(onOne, listOf(window))).toBeGreaterThan(20);
    expect(placeAfter(onMany, listOf(window))).toBeGreaterThan(20);
  }
  expect(placeAfter(onOne, decayedCount())).toBe(1);
});

test("it takes several times as many newcomers as known users to come as far", () => {
  const by = (users: number, from: number) =>
    Array.from({ length: users }, (_, index) => ({ userId: from + index, movieId: ABSENT, stars: 5 }));
  const known = placeAfter(by(8, 100_000), listOf("24h"));
  expect(placeAfter(by(8, FRESH_FROM), listOf("24h"))).toBeGreaterThan(known + 10);
  expect(placeAfter(by(16, FRESH_FROM), listOf("24h"))).toBeGreaterThan(known);
  expect(placeAfter(by(50, FRESH_FROM), listOf("24h"))).toBeGreaterThanOrEqual(
    placeAfter(by(50, 100_000), listOf("24h")),
  );
});

test("every burst of fifty users over half an hour is in the top ten within ten minutes; decayed counts find few within an hour", () => {
  const bursts = Array.from({ length: 8 }, (_, index) =>
    burst(index, START + 3 * DAY + index * 6 * HOUR, 50, HOUR / 2),
  );
  const delays = (system: TrendingSystem) =>
    detectionDelays(community, system, { bursts, ks: [10], withinMs: HOUR }).map(([delay]) => delay);
  for (const delay of delays(listOf("24h"))) expect(delay).toBeLessThanOrEqual(10 * MINUTE);
  expect(delays(decayedCount()).filter((delay) => delay !== undefined).length).toBeLessThan(bursts.length);
});

test("the list tells what rises in the next hour three times as well as decayed counts", () => {
  const random = seededRandom(3);
  const bursts = Array.from({ length: (DAYS - 1) * 48 }, (_, index) =>
    burst(index, START + DAY + index * (HOUR / 2), 20 + random.int(200), 3 * HOUR),
  );
  const log = inOrder([...community, ...bursts.flatMap(burstEvents)]);
  const precision = (system: TrendingSystem) => precisionAtK(log, system, { windowMs: HOUR, ks: [10] })[0]!;
  const ours = precision(listOf("1h"));
  expect(ours).toBeGreaterThan(0.3);
  expect(ours).toBeGreaterThan(3 * precision(decayedCount()));
});
