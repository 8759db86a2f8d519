import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { allTopics } from "@cinelake/contracts";
import { openObjectStore, openSqlEngine, openTable } from "@cinelake/delta";
import { openEventLog, type EventLog } from "@cinelake/event_log";
import { seededRandom, startKafkaBroker, temporaryDirectory, type SeededRandom } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { startProgram } from "./support/program.ts";

const PROGRAM = "examples/windowed_stream/main.ts";
const START = Date.UTC(2026, 0, 31, 18);
const WINDOW_MS = 60_000;
const LATENESS_MS = 10_000;

interface View {
  readonly user: number;
  readonly movie: number;
  readonly at: number;
}

const viewAt = (at: number, random: SeededRandom): View => ({ user: 1 + random.int(60), movie: 1 + random.int(5), at });

/** Appends views; those of each user in the order given. */
async function send(log: EventLog, views: readonly View[]): Promise<void> {
  const records = views.map(({ user, movie, at }) => {
    const event_ts = new Date(at).toISOString();
    const event = { event_id: randomUUID(), event_type: "view", event_ts, user_id: user, movie_id: movie };
    return { key: String(user), value: Buffer.from(JSON.stringify(event)) };
  });
  await log.append("events_views", records);
}

/** `start movie views` of each row that the example has written. */
async function written(lake: string): Promise<string[]> {
  await using store = await openObjectStore(pathToFileURL(lake).href, { readOnly: true });
  await using engine = await openSqlEngine();
  const table = await openTable({ store, engine, path: "examples/views_by_window" });
  const rows: string[] = [];
  for await (const batch of (await table.snapshot()).read()) {
    for (const row of batch) {
      rows.push(`${Date.parse(row["window_start"] as string)} ${String(row["movie_id"])} ${String(row["views"])}`);
    }
  }
  return rows.sort();
}

function counted(views: readonly View[]): string[] {
  const counts = new Map<string, number>();
  for (const { movie, at } of views) {
    const key = `${Math.floor(at / WINDOW_MS) * WINDOW_MS} ${movie}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, count]) => `${key} ${count}`).sort();
}

test("killed again and again while events come, out of order and with rubbish between: each window has exactly its views, once", async () => {
  await using kafka = await startKafkaBroker();
  await using directory = await temporaryDirectory();
  await using log = await openEventLog(kafka.url);
  await log.createTopics(allTopics());
  const lake = `${directory.path}/lake`;
  const env = { LOG_URL: kafka.url, LAKE: lake, WINDOW_MS: String(WINDOW_MS), LATENESS_MS: String(LATENESS_MS) };
  const random = seededRandom(72);
  const views: View[] = [];
  let minutes = 0;
  /** Four views for each second, up to two seconds from it: less out of order than the lateness that is allowed. */
  const sendMinute = async (): Promise<void> => {
    const from = START + minutes++ * WINDOW_MS;
    const some = Array.from({ length: 240 }, (_, index) => viewAt(from + index * 250 + random.int(4000), random));
    for (let at = 0; at < some.length; at += 16) await send(log, some.slice(at, at + 16));
    await log.append("events_views", [{ key: String(minutes), value: Buffer.from("no event") }]);
    views.push(...some);
  };

  const KILLS = 5;
  for (let kill = 0; kill < KILLS; kill++) {
    await using program = startProgram(PROGRAM, [], env);
    await sendMinute();
    await sendMinute();
    await program.prints(/version \d+/);
    const sending = sendMinute();
    await sleep(random.int(100));
    await program.stop("SIGKILL");
    await sending;
  }
  await send(log, [viewAt(START + 1000, random)]); // too late: its window has been written
  await send(log, [viewAt(START + 100 * WINDOW_MS, random)]); // ends all windows before it
  await using program = startProgram(PROGRAM, [], env);
  await program.prints(new RegExp(`windows until ${new Date(START + (minutes + 1) * WINDOW_MS).toISOString()}`));
  expect(await program.stop("SIGTERM"), program.output()).toBe(0);
  expect(await written(lake)).toEqual(counted(views));
}, 180_000);

test("a second process that does the same work ends with the reason, and has counted nothing twice", async () => {
  await using kafka = await startKafkaBroker();
  await using directory = await temporaryDirectory();
  await using log = await openEventLog(kafka.url);
  await log.createTopics(allTopics());
  const env = { LOG_URL: kafka.url, LAKE: `${directory.path}/lake` };
  await using first = startProgram(PROGRAM, [], env);
  await first.prints(/counting/);
  await using second = startProgram(PROGRAM, [], env);
  await second.prints(/counting/);
  const random = seededRandom(73);
  const views = [viewAt(START, random), viewAt(START + 1, random)];
  await send(log, [...views, viewAt(START + 2 * WINDOW_MS, random)]);
  const loser = await Promise.race([first, second].map((each) => each.ended().then(() => each)));
  expect(loser.output()).toContain("delta_txn_conflict");
  expect(await written(env.LAKE)).toEqual(counted(views));
}, 60_000);
