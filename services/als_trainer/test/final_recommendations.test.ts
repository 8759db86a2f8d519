import { buildCsr } from "@cinelake/als";
import { openLakeTable } from "@cinelake/lake";
import type { TrendingPublication } from "@cinelake/ranking";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { activeUsers, precomputeFinal, trainModel, type TrainerPorts } from "../src/index.ts";
import { allRows, importRatings, openPorts, twoTastes } from "./support.ts";

const DAY = 86_400;
const NEWEST = 1_500_000_000;
const NOW = (NEWEST + 10 * DAY) * 1000;
const FILMS = 260;
/** In the catalogue only as a stand-in: users rated it, lists must not have it. */
const PLACEHOLDER = 20;
const TRENDING_FILM = 70;

/** Users 1 to 4 rated lately, 5 to 8 for the last time a year and a second before the newest rating. */
const rows = twoTastes(8, FILMS).map((row, at) => ({
  ...row,
  time: row.userId <= 4 ? NEWEST - (at % 300) * DAY : NEWEST - 365 * DAY - 1 - at,
}));
const ratedBy = (userId: number): Set<number> =>
  new Set(rows.filter((row) => row.userId === userId).map((row) => row.movieId));

function trendingAt(offset: number): TrendingPublication {
  const entry = { movie_id: TRENDING_FILM, score: 3, recent: 3, baseline: 0, users: 3, source: "live" } as const;
  const offsets = { "events_clicks/0": offset };
  return { window: "24h", computed_at: new Date(NOW).toISOString(), offsets, lists: { all: [entry] } };
}

async function importFilms(ports: TrainerPorts): Promise<void> {
  const films = Array.from({ length: FILMS }, (_, index) => (index + 1) * 10);
  await (
    await openLakeTable(ports, "silver_movies")
  ).append({
    rows: films.map((movieId) => ({
      movie_id: movieId,
      title: `Film ${movieId}`,
      year: 2000,
      genres: ["Drama"],
      imdb_id: null,
      tmdb_id: null,
      is_placeholder: movieId === PLACEHOLDER,
    })),
  });
}

describe("precomputeFinal", () => {
  let ports: TrainerPorts & AsyncDisposable;
  beforeAll(async () => {
    ports = await openPorts();
    await importRatings(ports, rows);
    await importFilms(ports);
  });
  afterAll(() => ports[Symbol.asyncDispose]());

  const version = async (): Promise<number> =>
    (await (await openLakeTable(ports, "gold_recommendations_final")).snapshot()).version;

  test("without a serving model it fails with model_missing, which says what to run", async () => {
    await expect(precomputeFinal(ports, { trending: undefined, now: NOW })).rejects.toMatchObject({
      code: "model_missing",
      message: expect.stringContaining("./cinelake train"),
    });
  });

  test("each active user, and nobody else, has 100 films: none rated, none a placeholder, best first", async () => {
    const { modelVersion } = await trainModel(ports, { factors: 8, iterations: 4 });
    const result = await precomputeFinal(ports, { trending: trendingAt(5), now: NOW });
    expect(result).toEqual({ changed: true, modelVersion, users: 4 });
    const lists = Map.groupBy(
      await allRows(ports, "gold_recommendations_final", "user_id, rank"),
      (row) => row.user_id as number,
    );
    expect([...lists.keys()]).toEqual([1, 2, 3, 4]);
    for (const [userId, list] of lists) {
      const films = list.map((row) => row.movie_id as number);
      expect(list.map((row) => row.rank)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
      expect(new Set(films).size).toBe(100);
      expect(films.filter((film) => ratedBy(userId).has(film) || film === PLACEHOLDER)).toEqual([]);
      const trends = list.filter((row) => (row.trending_score as number) > 0).map((row) => row.movie_id);
      expect(trends).toEqual(ratedBy(userId).has(TRENDING_FILM) ? [] : [TRENDING_FILM]);
      for (const row of list) {
        expect(row.model_version).toBe(modelVersion);
        expect(row.score).toBeCloseTo((row.als_score as number) + (row.trending_score as number), 5);
      }
    }
    expect([1, 2, 3, 4].some((userId) => !ratedBy(userId).has(TRENDING_FILM))).toBe(true);
  });

  test("an equal run changes nothing; when trending has counted more, the lists are made again", async () => {
    const before = await version();
    const again = await precomputeFinal(ports, { trending: trendingAt(5), now: NOW + DAY * 1000 });
    expect(again).toMatchObject({ changed: false, users: 0 });
    expect(await version()).toBe(before);
    expect(await precomputeFinal(ports, { trending: trendingAt(6), now: NOW })).toMatchObject({ changed: true });
    expect(await version()).toBe(before + 1);
  });

  test("aborted, the lists of before stay", async () => {
    const before = await version();
    const reason = new Error("stop");
    const input = { trending: trendingAt(7), now: NOW, signal: AbortSignal.abort(reason) };
    await expect(precomputeFinal(ports, input)).rejects.toThrow("stop");
    expect(await version()).toBe(before);
  });
});

describe("activeUsers", () => {
  const active = (timesOfUsers: readonly (readonly number[])[]): number[] => {
    const users = timesOfUsers.flatMap((times, user) => times.map(() => user));
    const films = timesOfUsers.flatMap((times) => times.map((_, film) => film));
    const ratings = buildCsr(
      timesOfUsers.length,
      3,
      users,
      films,
      users.map(() => 4),
    );
    return activeUsers({ ratings, ratingTimes: Float64Array.from(timesOfUsers.flat()) });
  };

  test("a rating a year before the newest one counts, one a second earlier does not", () => {
    expect(active([[NEWEST - 365 * DAY], [NEWEST - 365 * DAY - 1], [NEWEST]])).toEqual([0, 2]);
  });

  test("one recent rating is enough, whichever it is; a user without ratings is not active", () => {
    expect(active([[NEWEST, 0], [0, NEWEST], [], [0, 0]])).toEqual([0, 1]);
    expect(active([])).toEqual([]);
  });
});
