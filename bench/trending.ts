// How soon a burst trends, how right the list is, and what attacks move, on a replayed log. `make bench_trending`.
import { execFileSync } from "node:child_process";
import { createTrending, type TrendingOptions, type TrendingWindow } from "@cinelake/ranking";
import {
  burstEvents,
  communityLog,
  decayedCount,
  detectionDelays,
  inOrder,
  precisionAtK,
  replay,
  seededRandom,
  sharedFile,
  syntheticRatings,
  trendingList,
  type Burst,
  type ReplayEvent,
  type SeededRandom,
  type TrendingSystem,
} from "@cinelake/testkit";
import { conditions, median, printTable } from "./support/measure.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 1);
const DAYS = 10;
/** Films that nobody rates but in a burst or an attack. */
const ABSENT = 1_000_000;
const FLOOD = 1_000_000;
const KNOWN_FROM = 100_000;
const FRESH_FROM = 500_000;

function communityRatings(): { readonly name: string; readonly ratings: Omit<ReplayEvent, "eventTs">[] } {
  const archive = sharedFile("data/ml-latest-small.zip");
  if (archive === undefined) {
    process.stderr.write(
      "ml-latest-small.zip is not beside the repository (SHARED_DIR): a synthetic community stands in\n",
    );
    const shape = { users: 610, films: 9_724, count: 100_836 };
    return { name: "synthetic", ratings: syntheticRatings(shape, seededRandom(1)) };
  }
  const csv = execFileSync("unzip", ["-p", archive, "*/ratings.csv"], { encoding: "utf8", maxBuffer: 2 ** 28 });
  const ratings = csv
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",").map(Number) as [number, number, number])
    .map(([userId, movieId, stars]) => ({ userId, movieId, stars }));
  return { name: "ml-latest-small", ratings };
}

const { name, ratings } = communityRatings();
const community = communityLog(ratings, { startTs: START, days: DAYS, random: seededRandom(2) });
const users = [...new Set(ratings.map(({ userId }) => userId))];
const films = [...new Set(ratings.map(({ movieId }) => movieId))];
/** Registered, and silent until a burst. */
const audience = Array.from({ length: 5_000 }, (_, index) => KNOWN_FROM + index);
const known = new Set([...users, ...audience]);

function cinelake(window: TrendingWindow, options: Partial<TrendingOptions> = {}): TrendingSystem {
  const trending = createTrending(options);
  trending.seedHistory([], known);
  return trendingList(trending, window);
}

const systems: readonly (readonly [string, () => TrendingSystem])[] = [
  ["cinelake 1h", () => cinelake("1h")],
  ["cinelake 24h", () => cinelake("24h")],
  ["cinelake 7d", () => cinelake("7d")],
  ["decayed count", () => decayedCount()],
];

/** So many different users of the audience. */
function draw(count: number, random: SeededRandom): number[] {
  const drawn = new Set<number>();
  while (drawn.size < count) drawn.add(random.pick(audience));
  return [...drawn];
}

/** One burst every six hours from the fourth day on, on films that were absent, sizes in turn. */
function lonelyBursts(sizes: readonly number[], overMs: number): Burst[] {
  const random = seededRandom(3);
  return Array.from({ length: 24 }, (_, index) => ({
    movieId: ABSENT + index,
    startTs: START + 3 * DAY + index * 6 * HOUR + random.int(HOUR),
    users: draw(sizes[index % sizes.length]!, random),
    overMs,
  }));
}

function detectionRows(): string[][] {
  const sizes = [10, 20, 50, 200];
  const bursts = lonelyBursts(sizes, HOUR / 2);
  const ks = [10, 20];
  return systems.flatMap(([system, open]) => {
    const delays = detectionDelays(community, open(), { bursts, ks, withinMs: 2 * HOUR });
    return ks.map((k, place) => {
      const cells = sizes.map((_, size) => {
        const ofSize = delays.filter((_delay, index) => index % sizes.length === size).map((each) => each[place]);
        const found = ofSize.filter((delay) => delay !== undefined);
        const share = `${found.length} of ${ofSize.length}`;
        return found.length === 0 ? share : `${(median(found) / 60_000).toFixed(1)} min, ${share}`;
      });
      return [system, `top ${k}`, ...cells];
    });
  });
}

/** Bursts one after the other from the second day on, so many that some are always under way; half of them on films that people watch anyway. */
function manyBursts({ everyMs, overMs }: { readonly everyMs: number; readonly overMs: number }): Burst[] {
  const random = seededRandom(4);
  return Array.from({ length: ((DAYS - 1) * DAY) / everyMs }, (_, index) => ({
    movieId: random.next() < 0.5 ? random.pick(films) : ABSENT + index,
    startTs: START + DAY + index * everyMs,
    users: draw(Math.round(20 * 15 ** random.next()), random),
    overMs,
  }));
}

/** What nobody can know: the bursts under way, those with the most users in an hour first. */
function foreknowledge(bursts: readonly Burst[]): TrendingSystem {
  const rate = ({ users, overMs }: Burst): number => users.length / overMs;
  return {
    observe() {},
    top: (now, k) =>
      bursts
        .filter(({ startTs, overMs }) => startTs < now && now < startTs + overMs)
        .toSorted((a, b) => rate(b) - rate(a))
        .slice(0, k)
        .map(({ movieId }) => movieId),
  };
}

function precisionRows(): string[][] {
  const cases = [
    { next: "the next hour", windowMs: HOUR, list: "cinelake 1h", everyMs: HOUR / 2, overMs: 3 * HOUR },
    { next: "the next day", windowMs: DAY, list: "cinelake 24h", everyMs: 4 * HOUR, overMs: 3 * DAY },
  ];
  return cases.flatMap(({ next, windowMs, list, ...timing }) => {
    const bursts = manyBursts(timing);
    const log = inOrder([...community, ...bursts.flatMap(burstEvents)]);
    const until = log.filter(({ eventTs }) => eventTs < START + DAYS * DAY);
    const compared: readonly (readonly [string, TrendingSystem])[] = [
      ...systems
        .filter(([name]) => name === list || name === "decayed count")
        .map(([name, open]) => [name, open()] as const),
      ["whoever knows the bursts", foreknowledge(bursts)],
    ];
    return compared.map(([name, system]) => [
      next,
      name,
      ...precisionAtK(until, system, { windowMs, ks: [10, 20] }).map((precision) => precision.toFixed(3)),
    ]);
  });
}

/** Rank of an absent film after an attack in the middle of a day; `-` beyond 500. */
function attackRows(): string[][] {
  const now = START + 8 * DAY + 12 * HOUR;
  const bots = (count: number): ReplayEvent[] =>
    Array.from({ length: count }, (_, index) => ({
      userId: FRESH_FROM + index,
      movieId: ABSENT,
      stars: 5,
      eventTs: now,
    }));
  const attacks: readonly (readonly [string, ReplayEvent[]])[] = [
    [
      "one user, 1,000 events on one film",
      Array.from({ length: 1_000 }, () => ({ userId: FRESH_FROM, movieId: ABSENT, stars: 5, eventTs: now })),
    ],
    [
      "one user, one event on each of 1,000 films (best of them)",
      Array.from({ length: 1_000 }, (_, index) => ({
        userId: FRESH_FROM,
        movieId: ABSENT + index,
        stars: 5,
        eventTs: now,
      })),
    ],
    ["10 bots with fresh ids", bots(10)],
    ["50 bots with fresh ids", bots(50)],
    ["150 bots with fresh ids", bots(150)],
    ["50 known users", bots(50).map((each, index) => ({ ...each, userId: audience[index]! }))],
  ];
  const compared = [
    ...systems,
    ["cinelake 24h, newcomers in full", () => cinelake("24h", { newcomerWeight: 1 })] as const,
  ];
  return attacks.map(([attack, events]) => [
    attack,
    ...compared.map(([, open]) => {
      const system = open();
      const log = [...community.filter(({ eventTs }) => eventTs < now), ...events];
      let rank = -1;
      replay(log, system, {
        startTs: now + 1,
        endTs: now + 1,
        stepMs: 1,
        at: () => (rank = system.top(now + 1, 500).findIndex((movieId) => movieId >= ABSENT)),
      });
      return rank < 0 ? "-" : String(rank + 1);
    }),
  ]);
}

/** What a flood of ids that nobody has seen costs: memory, time of an event, and the longest publication of a list meanwhile. */
function floodRows(): string[][] {
  const floods: readonly (readonly [string, (index: number) => { userId: number; movieId: number }])[] = [
    ["each of a user and a film of its own", (index) => ({ userId: FRESH_FROM + index, movieId: ABSENT + index })],
    [
      "each of a user of its own, on ten films",
      (index) => ({ userId: FRESH_FROM + index, movieId: ABSENT + (index % 10) }),
    ],
    ["of one user, each on a film of its own", (index) => ({ userId: FRESH_FROM, movieId: ABSENT + index })],
  ];
  const now = START + DAYS * DAY;
  return floods.map(([flood, idsAt]) => {
    const trending = createTrending();
    trending.seedHistory([], known);
    const system = trendingList(trending, "24h");
    for (const event of community) system.observe(event);
    const before = system.top(now, 20);
    const publications: number[] = [];
    const publish = (): void => {
      const began = performance.now();
      system.top(now, 20);
      publications.push(performance.now() - began);
    };
    const began = performance.now();
    for (let index = 0; index < FLOOD; index++) {
      system.observe({ ...idsAt(index), stars: 5, eventTs: now });
      if (index % 10_000 === 0) publish();
    }
    const spent = performance.now() - began - publications.reduce((sum, each) => sum + each, 0);
    const kept = system.top(now, 30).filter((film) => before.includes(film)).length;
    return [
      flood,
      trending.size().pairs.toLocaleString("en"),
      `${(trending.snapshot().length / 1e6).toFixed(1)} MB`,
      `${((spent / FLOOD) * 1000).toFixed(1)} us`,
      `${Math.max(...publications).toFixed(0)} ms`,
      `${kept} of 20`,
    ];
  });
}

conditions({
  community: name,
  users: users.length,
  films: films.length,
  "events a day": Math.round(community.length / DAYS),
});
process.stdout.write(
  "Delay until a burst over half an hour on an absent film is in the list, by its users: median, and how many of them\n\n",
);
printTable(["list", "", "10", "20", "50", "200"], detectionRows());
process.stdout.write(
  "Share of the list that is among the films that rise most in the next window, asked every hour. A burst begins every half hour and lasts three; for the next day every four hours and lasts three days\n\n",
);
printTable(["rise in", "list", "precision@10", "precision@20"], precisionRows());
process.stdout.write("Rank of an absent film after an attack\n\n");
printTable(["attack", ...systems.map(([system]) => system), "24h, newcomers in full"], attackRows());
process.stdout.write(`A flood of ${FLOOD.toLocaleString("en")} events with ids that nobody has seen, within a day\n\n`);
printTable(
  ["events", "pairs kept", "saved state", "an event", "longest publication", "of the top 20 still in the top 30"],
  floodRows(),
);
