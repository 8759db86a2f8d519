import { streamApplicationId, utcDay, type TableName } from "@cinelake/contracts";
import { openSqlEngine, type ApplicationTransaction } from "@cinelake/delta";
import { openLakeTable } from "@cinelake/lake";
import { openMetadata } from "@cinelake/metadata";
import { openObjectStore } from "@cinelake/object_store";
import { seededRandom, temporaryDirectory } from "@cinelake/testkit";
import { openTracking } from "@cinelake/tracking";
import type { TrainerPorts } from "../src/index.ts";

export interface StarRow {
  readonly userId: number;
  readonly movieId: number;
  readonly stars: number;
  /** Seconds since the epoch. */
  readonly time: number;
}

/** Real ports on a fresh folder. */
export async function openPorts(): Promise<TrainerPorts & AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const directory = opened.use(await temporaryDirectory());
  const store = opened.use(await openObjectStore(`${directory.path}/lakehouse`));
  const engine = opened.use(await openSqlEngine({ memoryLimit: "512MB", threads: 1 }));
  const metadata = opened.use(await openMetadata("sqlite::memory:"));
  const tracking = opened.use(await openTracking("metadata:", { metadata }));
  const resources = opened.move();
  return { store, engine, metadata, tracking, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

export async function allRows(ports: TrainerPorts, name: TableName, order: string): Promise<Record<string, unknown>[]> {
  await using scan = await (await (await openLakeTable(ports, name)).snapshot()).scan();
  return ports.engine.rows(`SELECT * FROM ${scan.sql} ORDER BY ${order}`);
}

/** Replaces silver_ratings. */
export async function importRatings(ports: TrainerPorts, rows: readonly StarRow[]): Promise<void> {
  const table = await openLakeTable(ports, "silver_ratings");
  await table.overwrite({
    rows: rows.map(({ userId, movieId, stars, time }) => ({
      user_id: userId,
      movie_id: movieId,
      rating: stars,
      event_ts: new Date(time * 1000),
      event_date: `${utcDay(time * 1000).slice(0, 7)}-01`,
    })),
  });
}

/** Appends live ratings as the stream consumer does, with the next offset of partition 0. */
export async function appendLive(ports: TrainerPorts, rows: readonly StarRow[], from: number): Promise<void> {
  const table = await openLakeTable(ports, "silver_events_ratings");
  const transaction: ApplicationTransaction = {
    appId: streamApplicationId("events_ratings", 0),
    version: from + rows.length,
    expected: from === 0 ? undefined : from,
  };
  const random = seededRandom(from + 1);
  await table.append(
    {
      rows: rows.map(({ userId, movieId, stars, time }, at) => ({
        event_id: random.uuid(),
        event_ts: new Date(time * 1000),
        event_date: utcDay(time * 1000),
        user_id: userId,
        movie_id: movieId,
        rating: stars,
        review_text: null,
        log_partition: 0,
        log_offset: from + at,
        ingestion_ts: new Date(time * 1000),
      })),
    },
    { transactions: [transaction] },
  );
}

/** Two tastes: odd users like odd films, even users even ones, and dislike a few of the others. */
export function twoTastes(users: number, films: number): StarRow[] {
  const random = seededRandom(7);
  const rows: StarRow[] = [];
  for (let userId = 1; userId <= users; userId++) {
    for (let film = 1; film <= films; film++) {
      const same = (userId + film) % 2 === 0;
      if (random.next() > (same ? 0.6 : 0.1)) continue;
      rows.push({
        userId,
        movieId: film * 10,
        stars: same ? 4 + random.int(3) / 2 : 1.5,
        time: 1.2e9 + rows.length * 86_400,
      });
    }
  }
  return rows;
}
