import { setImmediate as nextTurn } from "node:timers/promises";
import { decodeSnapshot, type ServingSnapshot } from "@cinelake/als";
import { CinelakeError, utcDay } from "@cinelake/contracts";
import type { Row } from "@cinelake/delta";
import { findLakeTable, INPUT_PROPERTY, openLakeTable, type LakePorts } from "@cinelake/lake";
import type { Metadata } from "@cinelake/metadata";
import {
  ALL_FILMS,
  DEFAULT_HYBRID_OPTIONS,
  filmSpaceOf,
  historyOf,
  hybridCandidates,
  neighboursOf,
  rankHybrid,
  tasteOf,
  trendingShares,
  type FilmSpace,
  type Interaction,
  type TrendingPublication,
} from "@cinelake/ranking";

interface FinalPorts extends LakePorts {
  readonly metadata: Metadata;
}

interface FinalInput {
  /** What trends; undefined before the first list. */
  readonly trending: TrendingPublication | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly onProgress?: (progress: { done: number; total: number; unit: "users" }) => void;
  readonly signal?: AbortSignal;
}

export interface FinalResult {
  readonly changed: boolean;
  readonly modelVersion: string;
  readonly users: number;
}

const LIST_LENGTH = 100;
const NEIGHBOURS = 50;
/** A user is active who has rated within this time before the newest rating. */
const ACTIVE_SECONDS = 365 * 86_400;

/**
 * Lists of the active users, blended as the API blends them, into `gold_recommendations_final`: for readers of the lake, not for
 * serving. Follows a promotion; leaves the table alone if the model and what trending has counted are the same. Fails with `model_missing`.
 */
export async function precomputeFinal(ports: FinalPorts, input: FinalInput): Promise<FinalResult> {
  const serving = await ports.metadata.servingModel();
  if (!serving) throw new CinelakeError("model_missing", "No model serves yet; run ./cinelake train");
  const { modelVersion } = serving;
  const table = await openLakeTable(ports, "gold_recommendations_final");
  const fingerprint = JSON.stringify([modelVersion, input.trending?.offsets ?? null]);
  if ((await table.snapshot()).configuration[INPUT_PROPERTY] === fingerprint)
    return { changed: false, modelVersion, users: 0 };
  const snapshot = decodeSnapshot(await ports.store.get(serving.snapshotKey));
  const users = activeUsers(snapshot);
  const films = await listedFilms(ports);
  await table.overwrite(
    { rows: finalRows(snapshot, users, films, input) },
    { configuration: { [INPUT_PROPERTY]: fingerprint } },
  );
  return { changed: true, modelVersion, users: users.length };
}

/** Rows (indices into the snapshot's users) of those who rated within a year before the newest rating. */
export function activeUsers({ ratings, ratingTimes }: Pick<ServingSnapshot, "ratings" | "ratingTimes">): number[] {
  const newest = ratingTimes.reduce((max, time) => Math.max(max, time), Number.NEGATIVE_INFINITY);
  const isRecent = (time: number): boolean => time >= newest - ACTIVE_SECONDS;
  return Array.from({ length: ratings.rows }, (_, user) => user).filter((user) =>
    ratingTimes.subarray(ratings.indptr[user], ratings.indptr[user + 1]).some(isRecent),
  );
}

async function* finalRows(
  snapshot: ServingSnapshot,
  users: readonly number[],
  films: ReadonlySet<number>,
  { trending, now, onProgress, signal }: FinalInput,
): AsyncGenerator<Row> {
  const space = filmSpaceOf(snapshot);
  const shares = trendingShares(trending?.lists[ALL_FILMS] ?? []);
  const computed = { computed_ts: new Date(now), computed_date: utcDay(now) };
  for (const [done, user] of users.entries()) {
    signal?.throwIfAborted();
    await nextTurn();
    const ranked = rankFor(space, historyOf(snapshot, user), films, shares, now);
    for (const [index, film] of ranked.entries()) {
      yield {
        model_version: snapshot.modelVersion,
        user_id: snapshot.userIds[user],
        rank: index + 1,
        movie_id: film.movieId,
        score: film.score,
        als_score: film.alsScore,
        trending_score: film.trendingScore,
        ...computed,
      };
    }
    onProgress?.({ done: done + 1, total: users.length, unit: "users" });
  }
}

function rankFor(
  space: FilmSpace,
  history: readonly Interaction[],
  films: ReadonlySet<number>,
  trending: ReadonlyMap<number, number>,
  now: number,
): ReturnType<typeof rankHybrid> {
  const taste = tasteOf(space, history, now, DEFAULT_HYBRID_OPTIONS);
  const request = { space, taste, trending, k: LIST_LENGTH, allowed: (movieId: number) => films.has(movieId) };
  const candidates = hybridCandidates({ ...request, neighbours: (index) => neighboursOf(space, index, NEIGHBOURS) });
  return rankHybrid({ ...request, candidates, options: DEFAULT_HYBRID_OPTIONS });
}

async function listedFilms(ports: LakePorts): Promise<Set<number>> {
  const table = await findLakeTable(ports, "silver_movies");
  if (!table) throw new CinelakeError("dataset_missing", "The lake has no table silver_movies: run ./cinelake etl");
  const films = new Set<number>();
  const where = [{ column: "is_placeholder", op: "=", value: false }] as const;
  for await (const batch of (await table.snapshot()).read({ columns: ["movie_id"], where })) {
    for (const row of batch) films.add(row.movie_id as number);
  }
  return films;
}
