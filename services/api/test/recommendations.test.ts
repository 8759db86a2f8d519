import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EventResult, RecommendationsAnswer } from "../src/http/shapes.ts";
import { event, FILMS, genreOf, openWorld, UNKNOWN_FILM, type World } from "./world.ts";

let world: World;
let api: FastifyInstance;
beforeAll(async () => {
  world = await openWorld();
  api = await world.api();
});
afterAll(() => world[Symbol.asyncDispose]());

async function get(url: string): Promise<RecommendationsAnswer> {
  const response = await api.inject(url);
  expect(response.statusCode, response.body).toBe(200);
  return response.json();
}

async function post(...events: object[]): Promise<{ results: EventResult[]; position: string }> {
  const response = await api.inject({ method: "POST", url: "/events", payload: events });
  expect(response.statusCode, response.body).toBe(202);
  return response.json();
}

const ids = (list: { items: { movie_id: number }[] }): number[] => list.items.map(({ movie_id }) => movie_id);

describe("a known user", () => {
  test("gets ten different films of the taste, unrated, with titles, reasons and the model", async () => {
    const list = await get("/recommendations/1");
    expect(list).toMatchObject({ strategy: "hybrid", model_version: "m1", user_id: 1 });
    expect(new Set(ids(list)).size).toBe(10);
    const history = (await api.inject("/users/1/history?k=500")).json() as { items: { movie_id: number }[] };
    const rated = new Set(ids(history));
    for (const item of list.items) {
      expect(rated.has(item.movie_id)).toBe(false);
      expect(item.title).toBe(`${genreOf(item.movie_id)} Story ${item.movie_id}`);
      expect(item.genres).toEqual([genreOf(item.movie_id)]);
      expect(item.reasons.length).toBeGreaterThan(0);
    }
    expect(list.items.filter(({ genres }) => genres[0] === "Animation").length).toBeGreaterThanOrEqual(5);
    expect(list.items.some(({ reasons }) => reasons[0]!.text.startsWith("Because you liked Animation Story"))).toBe(
      true,
    );
  });

  test("gets the same list under either path, k films and none of the excluded ones", async () => {
    expect(ids(await get("/recommendations?user_id=2&k=7"))).toEqual(ids(await get("/recommendations/2?k=7")));
    const [first, second] = ids(await get("/recommendations/2"));
    const without = ids(await get(`/recommendations/2?exclude=${first},${second}`));
    expect(without).toHaveLength(10);
    expect(without).not.toContain(first);
    expect(without).not.toContain(second);
  });

  test("never sees a placeholder or a rated film, even when asked for everything", async () => {
    const all = ids(await get("/recommendations/3?k=500"));
    expect(new Set(all).size).toBe(all.length);
    expect(Math.max(...all)).toBeLessThanOrEqual(FILMS);
  });
});

describe("somebody unknown", () => {
  test.each(["/recommendations/987654", "/recommendations", "/recommendations?user_id="])(
    "%s gets trending and popular films and a strategy that says so",
    async (url) => {
      const list = await get(url);
      expect(list.items).toHaveLength(10);
      expect(list.strategy).toBe("trending_popular");
      expect(ids(list).filter((movieId) => movieId <= 20).length).toBeGreaterThan(0);
    },
  );

  test("becomes known with the first events, read back with `after`", async () => {
    const user = 5_000_001;
    const liked = [3, 7, 11];
    const { position } = await post(...liked.map((movieId) => event("rating", user, movieId)));
    const response = await api.inject(`/recommendations/${user}?after=${position}`);
    expect(response.headers["x-position-reached"]).toBe("true");
    const list = response.json() as RecommendationsAnswer;
    expect(list.strategy).toBe("hybrid");
    expect(ids(list)).not.toEqual(expect.arrayContaining([3]));
    expect(list.items.filter(({ movie_id }) => genreOf(movie_id) === genreOf(3)).length).toBeGreaterThanOrEqual(5);
  });

  test("is folded in from the body, and nothing of it stays", async () => {
    const ask = { method: "POST", url: "/recommendations" } as const;
    const response = await api.inject({ ...ask, payload: { liked: [2, 6, 10], disliked: [4], excluded: [14], k: 8 } });
    const list = response.json() as RecommendationsAnswer;
    expect(response.statusCode).toBe(200);
    expect(list).toMatchObject({ strategy: "hybrid", user_id: null });
    expect(list.items).toHaveLength(8);
    for (const movieId of [2, 4, 6, 10, 14]) expect(ids(list)).not.toContain(movieId);
    expect(list.items.filter(({ movie_id }) => genreOf(movie_id) === genreOf(2)).length).toBeGreaterThanOrEqual(4);
    const nobody = (await api.inject({ ...ask, payload: { liked: [UNKNOWN_FILM] } })).json() as RecommendationsAnswer;
    expect(nobody).toMatchObject({ strategy: "trending_popular" });
    expect(nobody.items).toHaveLength(10);
  });
});

describe("fresh events", () => {
  async function similarity(list: RecommendationsAnswer, films: number[]): Promise<number> {
    let sum = 0;
    for (const movieId of films) {
      const similar = (await api.inject(`/movies/${movieId}/similar?k=500`)).json() as RecommendationsAnswer;
      const score = new Map(similar.items.map((item) => [item.movie_id, item.score]));
      for (const item of list.items) sum += score.get(item.movie_id) ?? 0;
    }
    return sum / (list.items.length * films.length);
  }

  test("three fives in another taste change at least three of the top ten, bring it closer, and are gone from the list", async () => {
    const user = 5;
    const films = [4, 8, 12];
    const before = await get(`/recommendations/${user}`);
    const { position } = await post(...films.map((movieId) => event("rating", user, movieId)));
    const after = await get(`/recommendations/${user}?after=${position}`);
    expect(ids(after).filter((movieId) => !ids(before).includes(movieId)).length).toBeGreaterThanOrEqual(3);
    expect(await similarity(after, films)).toBeGreaterThan(await similarity(before, films));
    for (const movieId of films) expect(ids(after)).not.toContain(movieId);
  });

  test.each([
    ["a rating of 0.5", 9, event("rating", 9, 9, { rating: 0.5 })],
    ["not interested", 10, event("click", 10, 9, { click_type: "not_interested" })],
  ])("%s lowers the film's neighbours and takes the film away", async (_name, user, dislike) => {
    const scores = async (query: string) =>
      new Map((await get(`/recommendations/${user}?k=500${query}`)).items.map((item) => [item.movie_id, item.score]));
    const before = await scores("");
    const { position } = await post(dislike);
    const after = await scores(`&after=${position}`);
    const similar = (await api.inject("/movies/9/similar?k=20")).json() as RecommendationsAnswer;
    expect(similar.items).toHaveLength(20);
    const seen = ids(similar).filter((movieId) => before.has(movieId));
    expect(seen.length).toBeGreaterThan(3);
    for (const movieId of seen) expect(after.get(movieId)).toBeLessThan(before.get(movieId)!);
    expect(after.has(9)).toBe(false);
  });

  test("a click on a film brings its neighbours up without taking the film away", async () => {
    const user = 13;
    const before = await get(`/recommendations/${user}?k=500`);
    const target = before.items.find(({ movie_id }) => genreOf(movie_id) === "Comedy")!;
    const { position } = await post(event("click", user, target.movie_id), event("view", user, target.movie_id));
    const after = await get(`/recommendations/${user}?k=500&after=${position}`);
    const scoreIn = (list: RecommendationsAnswer) =>
      list.items.find(({ movie_id }) => movie_id === target.movie_id)!.score;
    expect(scoreIn(after)).toBeGreaterThan(scoreIn(before));
  });

  test("the history shows them, newest first, of several ratings of a film the latest", async () => {
    const user = 5_000_002;
    const { position } = await post(
      event("view", user, 1, { event_ts: "2026-01-01T00:00:00Z" }),
      event("rating", user, 2, { event_ts: "2026-01-02T00:00:00Z", rating: 1 }),
      event("rating", user, 2, { event_ts: "2026-01-03T00:00:00+01:00", rating: 4.5 }),
    );
    const history = (await api.inject(`/users/${user}/history?after=${position}`)).json();
    expect(history).toEqual({
      user_id: user,
      items: [
        expect.objectContaining({ movie_id: 2, kind: "rating", rating: 4.5, event_ts: "2026-01-02T23:00:00.000Z" }),
        expect.objectContaining({ movie_id: 1, kind: "view", event_ts: "2026-01-01T00:00:00.000Z" }),
      ],
    });
  });

  test("a position that is not reached is answered anyway, and said so", async () => {
    const position = Buffer.from(JSON.stringify({ "events_ratings/0": 1e12 })).toString("base64url");
    const started = performance.now();
    const response = await api.inject(`/recommendations/1?after=${position}`);
    expect(response.statusCode).toBe(200);
    expect(response.headers["x-position-reached"]).toBe("false");
    expect(performance.now() - started).toBeGreaterThan(200);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
