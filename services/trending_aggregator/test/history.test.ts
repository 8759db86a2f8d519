import { loadTrendingGenres, loadTrendingHistory } from "@cinelake/trending_aggregator";
import { expect, test } from "vitest";
import { movie, rating, temporaryLake } from "./support/lake.ts";

test("history is the last 365 days before the newest rating, damped by user", async () => {
  await using lake = await temporaryLake();
  await lake.write("silver_ratings", [
    rating(1, 10, 5, "2015-03-31T00:00:00Z"),
    rating(1, 11, 3, "2015-03-31T00:00:00Z"),
    rating(2, 10, 4, "2015-03-01T00:00:00Z"),
    rating(3, 10, 2.5, "2015-03-31T00:00:00Z"),
    rating(4, 12, 5, "2014-04-02T00:00:00Z"),
    rating(5, 13, 5, "2014-03-20T00:00:00Z"),
  ]);
  const { films, version } = await loadTrendingHistory(lake);
  expect(version).toEqual(expect.any(Number));
  const byId = new Map(films.map((film) => [film.movieId, film]));
  expect([...byId.keys()].toSorted((a, b) => a - b)).toEqual([10, 11, 12]);
  expect(byId.get(10)?.users).toBe(2);
  expect(byId.get(10)?.baseline).toBeCloseTo(3 / Math.SQRT2 + 3);
  expect(byId.get(11)?.baseline).toBeCloseTo(1 / Math.SQRT2);
  // 30 days are one half-life of the middle window, and 30/7 of the shortest.
  expect(byId.get(10)?.recent["24h"]).toBeCloseTo(3 / Math.SQRT2 + 3 / 2);
  expect(byId.get(10)?.recent["1h"]).toBeCloseTo(3 / Math.SQRT2 + 3 * 2 ** (-30 / 7));
});

test("without tables there is no history and there are no genres", async () => {
  await using lake = await temporaryLake();
  expect(await loadTrendingHistory(lake)).toEqual({ films: [], users: new Set(), version: undefined });
  expect(await loadTrendingGenres(lake)).toEqual({ genres: new Map(), version: undefined });
});

test("genres come from the catalogue", async () => {
  await using lake = await temporaryLake();
  await lake.write("silver_movies", [movie(1, ["Drama", "War"]), movie(2, [])]);
  expect((await loadTrendingGenres(lake)).genres).toEqual(new Map([[1, ["Drama", "War"]]]));
});
