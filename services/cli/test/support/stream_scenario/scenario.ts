import { randomInt } from "node:crypto";
import { seededRandom, type SeededRandom } from "@cinelake/testkit";
import type { EventLog } from "@cinelake/event_log";
import { expect } from "vitest";
import { post } from "../client.ts";
import { makeTrouble, pacer, type Trouble } from "./chaos.ts";
import {
  expectDeadLetters,
  expectLogged,
  expectReferences,
  expectTables,
  openLake,
  readCatalogue,
  type Catalogue,
} from "./checks.ts";
import { STEPS } from "./kill_at_step.ts";
import { expectedOf, type Expected } from "./oracle.ts";
import { nothingSent, produce, type Append, type Sent } from "./producer.ts";
import { makeStream, type Stream } from "./stream.ts";
import type { Supervised } from "./supervised.ts";

const USERS = 300;
const FILMS = 200;
/** Options of `./cinelake bootstrap` for a catalogue with the stream's users and films. */
export const DATASET: readonly string[] = `--dataset synthetic --users ${USERS} --movies ${FILMS} --ratings 6000`.split(
  " ",
);

/** What the scenario is played on. */
export interface Stage {
  readonly directory: string;
  readonly urls: readonly string[];
  /** The processes that move events to the tables, also those that have come and gone. */
  readonly consumers: readonly Supervised[];
  /** Those that take events. */
  readonly apis: readonly Supervised[];
  readonly append: Append;
  /** Each lane's troubles come one after the other, those of different lanes at the same time. */
  readonly lanes: readonly (readonly Trouble[])[];
  /** Resolves when the tables have all that is in the log. */
  readonly settled: () => Promise<void>;
}

/** What has happened, in figures. */
export interface Played {
  readonly stream: Stream;
  readonly sent: Sent;
  /** What the tables knew before. */
  readonly catalogue: Catalogue;
  /** When everything was in the tables, before other users came with taken ids. */
  readonly barrier: number;
  readonly seconds: number;
}

/** The seed of SCENARIO_SEED, else one by chance; a failure is repeated with the same one. */
export function scenarioSeed(): number {
  const seed = Number(process.env["SCENARIO_SEED"] ?? randomInt(1_000_000));
  process.stdout.write(`stream scenario: SCENARIO_SEED=${seed}\n`);
  return seed;
}

/** Sends `count` items, most of them in so many `seconds`, while the lanes make trouble, then lets other users come with ids that are taken. */
export async function play(
  stage: Stage,
  { count, seconds, random }: { readonly count: number; readonly seconds: number; readonly random: SeededRandom },
): Promise<Played> {
  const began = performance.now();
  const stream = makeStream(count, random, { users: USERS, films: FILMS, now: Date.now() });
  const sent = nothingSent();
  const catalogue = await catalogueOf(stage);
  const failed = new AbortController();
  const stop = (error: unknown): never => {
    failed.abort();
    throw error;
  };
  const lanes = stage.lanes.map((lane) =>
    makeTrouble(lane, seededRandom(random.int(2 ** 31)), failed.signal).catch(stop),
  );
  const trouble = Promise.all(lanes);
  const pace = pacer(seconds, count, trouble);
  const { urls, append } = stage;
  const producing = produce(stream.items, sent, { urls, append, pace, random }).catch(stop);
  for (const each of await Promise.allSettled([producing, ...lanes])) if (each.status === "rejected") throw each.reason;
  await stage.settled();
  const barrier = Date.now();
  await post(urls[0]!, conflictsWith(stream, random));
  await stage.settled();
  return { stream, sent, catalogue, barrier, seconds: (performance.now() - began) / 1000 };
}

async function catalogueOf({ directory }: Stage): Promise<Catalogue> {
  await using lake = await openLake(directory);
  return await readCatalogue(lake.read);
}

/** Events of other users under ids that the tables have. */
function conflictsWith({ items }: Stream, random: SeededRandom): Record<string, unknown>[] {
  const events = items.flatMap((item) => (item.via === "api" ? [item.event] : []));
  return Array.from({ length: 20 }, () => {
    const event = random.pick(events);
    return { ...event, user_id: Number(event["user_id"]) + 2_000_000 };
  });
}

/** Holds the log and the lake to what the oracle says, once all processes have ended; gives what the log must have led to. */
export async function expectEverythingOnce(
  { directory, consumers, apis }: Stage,
  { stream, sent, catalogue, barrier, seconds }: Played,
  log: EventLog,
): Promise<Expected[]> {
  const expected = await expectedOf(log, barrier);
  expectLogged(sent, expected);
  await using lake = await openLake(directory);
  await expectTables(lake.read, expected);
  await expectReferences(lake.read, expected, catalogue);
  const repeated = await expectDeadLetters(log, expected);

  const processes = [...new Set([...consumers, ...apis])];
  const atStep = processes.flatMap(({ ends }) => ends.atStep);
  for (const step of STEPS) expect(atStep).toContain(step);
  const own = processes.flatMap(({ name, ends }) => ends.own.map((said) => `${name}: ${said}`));
  // A process that is started while the log is away gives up, and is started again.
  expect(own.filter((said) => !said.includes("log_unavailable"))).toEqual([]);
  const sum = (of: readonly Supervised[], count: (each: Supervised) => number): number =>
    of.reduce((total, each) => total + count(each), 0);
  const kills = sum(consumers, ({ ends }) => ends.killed + ends.frozen + ends.atStep.length);
  const batch = Math.max(...consumers.map(largestBatch));
  const conflicts = expected.reduce((total, each) => total + each.conflicts, 0);
  const figures = {
    sent: stream.figures,
    requests: sent.requests,
    repeated_requests: sent.retries,
    logged: expected.reduce((total, { records }) => total + records.length, 0),
    silver: expected.reduce((total, { kept }) => total + kept.size, 0),
    repeats: expected.reduce((total, each) => total + each.repeats, 0),
    dead_letters: expected.reduce((total, { dead }) => total + dead.size, 0),
    conflicts,
    repeated_dead_letters: repeated,
    kills_and_freezes_of_consumers: kills,
    largest_batch_of_dead_letters: batch,
    kills_at_steps: Object.fromEntries(STEPS.map((step) => [step, atStep.filter((each) => each === step).length])),
    kills_at_random: Object.fromEntries(processes.map(({ name, ends }) => [name, ends.killed])),
    changes_of_the_group: 2 * (kills + sum(consumers, ({ ends }) => ends.stopped)),
    ends_without_a_log: own.length,
    seconds: Math.round(seconds),
  };
  process.stdout.write(`stream scenario: ${JSON.stringify(figures, null, 2)}\n`);
  expect(conflicts).toBeGreaterThan(0);
  expect(repeated).toBeLessThanOrEqual(kills * batch);
  return expected;
}

/** Most dead letters that the process has written at once. */
function largestBatch(consumer: Supervised): number {
  const batches = consumer.output().matchAll(/"records":(\d+),"first":[^\n]*dead-letter topic/g);
  return Math.max(0, ...[...batches].map(([, records]) => Number(records)));
}
