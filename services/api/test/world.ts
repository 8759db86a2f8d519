import {
  buildCsr,
  defaultAlsOptions,
  encodeSnapshot,
  preferenceOfRating,
  trainAls,
  type CsrMatrix,
} from "@cinelake/als";
import { openCache } from "@cinelake/cache";
import { deltaSchema, EVENT_TOPICS, tablePath, tableSpec, trendingKey, type TableName } from "@cinelake/contracts";
import { openOrCreateTable, openSqlEngine, type Row } from "@cinelake/delta";
import { openEventLog } from "@cinelake/event_log";
import { openMetadata } from "@cinelake/metadata";
import { openObjectStore } from "@cinelake/object_store";
import type { TrendingEntry, TrendingPublication } from "@cinelake/ranking";
import { createLogger, createMetrics } from "@cinelake/runtime";
import { seededRandom } from "@cinelake/testkit";
import type { FastifyInstance } from "fastify";
import { createApi, type ApiPorts, type ApiSettings } from "../src/index.ts";
import type { Film } from "../src/state/films.ts";

export const GENRES = ["Action", "Animation", "Comedy", "Drama"] as const;
export const FILMS = 120;
const USERS = 60;
/** In the tables, but never rated. */
export const UNRATED_FILM = 900;
export const PLACEHOLDER_FILM = 901;
export const UNKNOWN_FILM = 4_000_000;

/** Every film has one genre; a user rates most films of a favourite genre well and some others badly. */
export function genreOf(movieId: number): (typeof GENRES)[number] {
  return GENRES[movieId % GENRES.length]!;
}

export const CATALOGUE: readonly Film[] = [
  ...Array.from({ length: FILMS }, (_, at) => film(at + 1)),
  film(UNRATED_FILM),
  { ...film(PLACEHOLDER_FILM), title: `Film ${PLACEHOLDER_FILM}`, is_placeholder: true },
];

function film(movieId: number): Film {
  return {
    movie_id: movieId,
    title: `${genreOf(movieId)} Story ${movieId}`,
    year: 1950 + (movieId % 70),
    genres: [genreOf(movieId)],
    imdb_id: null,
    tmdb_id: movieId * 10,
    is_placeholder: false,
  };
}

/** A snapshot trained on the little world; its ratings are from 2015. */
async function snapshotBytes(version: string, nextOffsets: Readonly<Record<string, number>>): Promise<Uint8Array> {
  const ratings = worldRatings((stars) => stars);
  const model = await trainAls(worldRatings(preferenceOfRating), { ...defaultAlsOptions, factors: 8, iterations: 6 });
  return encodeSnapshot({
    modelVersion: version,
    options: model.options,
    userIds: Float64Array.from({ length: USERS }, (_, at) => at + 1),
    userFactors: model.userFactors,
    movieIds: Float64Array.from({ length: FILMS }, (_, at) => at + 1),
    itemFactors: model.itemFactors,
    ratings,
    ratingTimes: new Float64Array(ratings.values.length).fill(Date.UTC(2015, 0, 1) / 1000),
    nextOffsets,
  });
}

function worldRatings(valueOf: (stars: number) => number): CsrMatrix {
  const random = seededRandom(7);
  const [users, films, values]: [number[], number[], number[]] = [[], [], []];
  for (let user = 0; user < USERS; user++) {
    for (let at = 0; at < FILMS; at++) {
      const favourite = (at + 1) % GENRES.length === (user + 1) % GENRES.length;
      if (random.next() > (favourite ? 0.5 : 0.08)) continue;
      users.push(user);
      films.push(at);
      values.push(valueOf(favourite ? 5 : 2));
    }
  }
  return buildCsr(USERS, FILMS, users, films, values);
}

export interface World extends AsyncDisposable {
  readonly ports: ApiPorts;
  /** An API on the ports, ready and closed with the world. */
  api(settings?: ApiSettings): Promise<FastifyInstance>;
  write(table: TableName, rows: readonly Row[]): Promise<void>;
  promote(version: string, nextOffsets?: Readonly<Record<string, number>>): Promise<void>;
  publishTrending(entries: readonly TrendingEntry[], publication?: Partial<TrendingPublication>): Promise<void>;
}

export interface WorldOptions {
  /** Default: catalogue, model and a trending list. */
  readonly empty?: boolean;
  /** Ports to wrap or replace. */
  readonly wrap?: (ports: ApiPorts) => ApiPorts;
}

/** Everything the API stands on, in memory and for real: tables, snapshot, log, cache, metadata. */
export async function openWorld({ empty = false, wrap = (ports) => ports }: WorldOptions = {}): Promise<World> {
  await using opened = new AsyncDisposableStack();
  const store = opened.use(await openObjectStore("memory:"));
  const engine = opened.use(await openSqlEngine({ threads: 1, memoryLimit: "256MB" }));
  const log = opened.use(await openEventLog("memory:"));
  const cache = opened.use(await openCache("memory:"));
  const metadata = opened.use(await openMetadata("sqlite::memory:"));
  await log.createTopics(EVENT_TOPICS.map((name) => ({ name, partitions: 3 })));
  const logger = createLogger({ service: "api", level: "silent", pretty: false });
  const ports = wrap({ store, engine, log, cache, metadata, logger, metrics: createMetrics() });

  const write = async (name: TableName, rows: readonly Row[]): Promise<void> => {
    const spec = tableSpec(name);
    const schema = deltaSchema(spec);
    const table = await openOrCreateTable(
      { store, engine, path: tablePath(spec) },
      { schema, partitionColumns: spec.partition_columns },
    );
    await table.append({ rows });
  };
  const promote = async (version: string, nextOffsets: Readonly<Record<string, number>> = {}): Promise<void> => {
    const snapshotKey = `models/${version}/snapshot.bin`;
    await store.put(snapshotKey, await snapshotBytes(version, nextOffsets));
    const revision = (await metadata.servingModel())?.revision ?? 0;
    await metadata.promoteModel({ modelVersion: version, snapshotKey, details: {} }, revision);
  };
  const publishTrending: World["publishTrending"] = async (entries, publication = {}) => {
    const lists: Record<string, TrendingEntry[]> = { all: [...entries] };
    for (const entry of entries) (lists[genreOf(entry.movie_id)] ??= []).push(entry);
    const computed_at = new Date().toISOString();
    const whole: TrendingPublication = { window: "24h", computed_at, offsets: {}, lists, ...publication };
    await cache.set(trendingKey(whole.window), new TextEncoder().encode(JSON.stringify(whole)), { ttlSeconds: 60 });
  };
  if (!empty) {
    await write("silver_movies", CATALOGUE as unknown as Row[]);
    await promote("m1");
    await publishTrending(Array.from({ length: 20 }, (_, at) => trendingEntry(at + 1, 20 - at)));
  }
  const resources = opened.move();
  return {
    ports,
    write,
    promote,
    publishTrending,
    async api(settings = {}) {
      const app = await createApi(ports, { modelPollMs: 20, cataloguePollMs: 20, trendingCacheMs: 0, ...settings });
      resources.defer(() => app.close());
      await app.ready();
      return app;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

export function trendingEntry(movieId: number, score: number): TrendingEntry {
  return { movie_id: movieId, score, recent: score, baseline: 1, users: 5, source: "live" };
}

/** A valid event; a fresh id each time. */
export function event(kind: "view" | "click" | "rating", userId: number, movieId: number, more: object = {}) {
  return {
    event_id: crypto.randomUUID(),
    event_type: kind,
    event_ts: new Date().toISOString(),
    user_id: userId,
    movie_id: movieId,
    ...(kind === "rating" ? { rating: 5 } : {}),
    ...more,
  };
}
