import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom, type SeededRandom } from "./random.ts";

/** An event as `POST /events` takes it. */
export interface PlatformEvent {
  readonly event_id: string;
  readonly event_type: "view" | "click" | "rating";
  readonly event_ts: string;
  readonly user_id: number;
  readonly movie_id: number;
  readonly rating?: number;
}

/** A running platform, by whatever door. */
export interface TrendingPlatform {
  /** Resolves once the events are acknowledged. */
  send(events: readonly PlatformEvent[]): Promise<void>;
  /** Resolves once the list counts all that was sent before. */
  counted(): Promise<void>;
  /** Live films, best first. */
  list(): Promise<readonly number[]>;
}

export interface Cast {
  /** Users that the imported history knows: half of them are about, half wait for a burst. At least 600. */
  readonly knownUsers: readonly number[];
  /** What is watched anyway; at least 30. */
  readonly films: readonly number[];
  /** Films that nobody has looked at; at least 20. */
  readonly absentFilms: readonly number[];
}

/** Ranks count from 1; undefined: not in the list. */
export interface AttackReport {
  readonly backgroundEvents: number;
  /** Films that one user's 1,000 events have brought into the top twenty, however briefly. */
  readonly enteredByOneUser: readonly number[];
  readonly rankAfter50Bots: number | undefined;
  readonly rankAfter150Bots: number | undefined;
  /** Milliseconds from the first event of a burst of 200 users until its film is in the top twenty; undefined: not within ten seconds. */
  readonly burstOfKnownUsersMs: number | undefined;
  readonly burstOfNewcomersMs: number | undefined;
}

const TOP = 20;
const GIVE_UP_MS = 10_000;
const LOAD_EVERY_MS = 50;
/** Ids of users that no history knows. */
const UNKNOWN_FROM = 10_000_000;

/** Attacks and bursts, one after the other, while events of half the known users go on. */
export async function attackUnderLoad(platform: TrendingPlatform, cast: Cast, seed = 1): Promise<AttackReport> {
  const random = seededRandom(seed);
  const middle = cast.knownUsers.length >> 1;
  const [about, waiting] = [cast.knownUsers.slice(0, middle), cast.knownUsers.slice(middle)];
  await platform.send(background(3_000, about, cast.films, random));
  await platform.counted();
  const load = keepSending(platform, () => background(25, about, cast.films, random));
  const [first, second, third, fourth, ...others] = cast.absentFilms as [number, number, number, number, ...number[]];
  const unknown = (count: number, from: number) =>
    Array.from({ length: count }, (_, each) => UNKNOWN_FROM + from + each);
  const enteredByOneUser = await oneUserAttack(platform, others, random);
  const rankAfter50Bots = await botAttack(platform, first, unknown(50, 1_000), random);
  const rankAfter150Bots = await botAttack(platform, second, unknown(150, 2_000), random);
  const burstOfKnownUsersMs = await burst(platform, third, waiting.slice(0, 200), random);
  const burstOfNewcomersMs = await burst(platform, fourth, unknown(200, 3_000), random);
  return {
    backgroundEvents: 3_000 + (await load.stop()),
    enteredByOneUser,
    rankAfter50Bots,
    rankAfter150Bots,
    burstOfKnownUsersMs,
    burstOfNewcomersMs,
  };
}

/** What the platform owes: one line for each promise that the report breaks. */
export function brokenPromises(report: AttackReport): string[] {
  const broken: string[] = [];
  if (report.enteredByOneUser.length > 0)
    broken.push(`one user brought in films ${report.enteredByOneUser.join(", ")}`);
  for (const [who, milliseconds] of [
    ["200 known users", report.burstOfKnownUsersMs],
    ["200 newcomers", report.burstOfNewcomersMs],
  ] as const) {
    if (milliseconds === undefined || milliseconds > 2_000) broken.push(`a burst of ${who} took ${milliseconds} ms`);
  }
  return broken;
}

export function attackSummary(report: AttackReport): string {
  const rank = (place: number | undefined) => (place === undefined ? "not in the list" : `rank ${place}`);
  return [
    `under ${report.backgroundEvents} events of other users:`,
    `1 user, 1,000 events: ${report.enteredByOneUser.length} films into the top ${TOP}`,
    `50 bots with fresh ids on an absent film: ${rank(report.rankAfter50Bots)}; 150 on another: ${rank(report.rankAfter150Bots)}`,
    `burst of 200 known users: top ${TOP} after ${report.burstOfKnownUsersMs?.toFixed(0)} ms; of 200 newcomers: ${report.burstOfNewcomersMs?.toFixed(0)} ms`,
  ].join("\n  ");
}

/** A thousand events of one user: half on one film, the rest over the others; looks at the list all the while. */
async function oneUserAttack(
  platform: TrendingPlatform,
  films: readonly number[],
  random: SeededRandom,
): Promise<number[]> {
  const entered = new Set<number>();
  const look = async (): Promise<void> => {
    for (const film of (await platform.list()).slice(0, TOP)) if (films.includes(film)) entered.add(film);
  };
  for (let sent = 0; sent < 1_000; sent += 100) {
    await platform.send(
      Array.from({ length: 100 }, (_, each) => {
        const film = each % 2 === 0 ? films[0]! : films[(sent + each) % films.length]!;
        return event(random.pick(["view", "click", "rating"]), UNKNOWN_FROM, film, random);
      }),
    );
    await look();
  }
  await platform.counted();
  await look();
  return [...entered];
}

/** Each bot gives an absent film five stars once; the film's rank when that is counted. */
async function botAttack(
  platform: TrendingPlatform,
  film: number,
  bots: readonly number[],
  random: SeededRandom,
): Promise<number | undefined> {
  await platform.send(bots.map((bot) => event("rating", bot, film, random)));
  await platform.counted();
  const place = (await platform.list()).indexOf(film);
  return place < 0 ? undefined : place + 1;
}

async function burst(
  platform: TrendingPlatform,
  film: number,
  users: readonly number[],
  random: SeededRandom,
): Promise<number | undefined> {
  const began = performance.now();
  const sending = platform.send(users.map((user) => event("click", user, film, random)));
  try {
    while (performance.now() - began < GIVE_UP_MS) {
      if ((await platform.list()).slice(0, TOP).includes(film)) return performance.now() - began;
      await sleep(20);
    }
    return undefined;
  } finally {
    await sending;
  }
}

function keepSending(platform: TrendingPlatform, next: () => PlatformEvent[]): { stop(): Promise<number> } {
  const over = new AbortController();
  let sent = 0;
  const work = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const events = next();
      await platform.send(events);
      sent += events.length;
      await sleep(LOAD_EVERY_MS);
    }
  };
  const working = work();
  // Whoever waits for `stop` is told.
  working.catch(() => {});
  return {
    async stop() {
      over.abort();
      await working;
      return sent;
    },
  };
}

/** Views, clicks and ratings of films by Zipf's popularity. */
function background(
  count: number,
  users: readonly number[],
  films: readonly number[],
  random: SeededRandom,
): PlatformEvent[] {
  return Array.from({ length: count }, () => {
    const film = films[Math.floor(films.length ** random.next()) - 1]!;
    return event(random.pick(["view", "view", "view", "click", "rating"]), random.pick(users), film, random);
  });
}

function event(type: PlatformEvent["event_type"], user: number, film: number, random: SeededRandom): PlatformEvent {
  return {
    event_id: random.uuid(),
    event_type: type,
    event_ts: new Date().toISOString(),
    user_id: user,
    movie_id: film,
    ...(type === "rating" && { rating: 5 }),
  };
}
