import { CinelakeError, DEFAULT_PARTITIONS, TOPICS } from "@cinelake/contracts";
import { partitionOf, type EventLog, type NewRecord } from "@cinelake/event_log";
import { createLogger } from "@cinelake/runtime";
import { counting, faulty } from "@cinelake/testkit";
import type { FastifyInstance } from "fastify";
import { describe, expect, test, vi } from "vitest";
import type { RecommendationsAnswer } from "../src/http/shapes.ts";
import {
  CATALOGUE,
  event,
  genreOf,
  openWorld,
  PLACEHOLDER_FILM,
  trendingEntry,
  UNKNOWN_FILM,
  UNRATED_FILM,
} from "./world.ts";

const movieIds = (list: { items: { movie_id: number }[] }): number[] => list.items.map(({ movie_id }) => movie_id);
const list = async (api: FastifyInstance, url: string): Promise<RecommendationsAnswer> =>
  (await api.inject(url)).json();
const record = (value: { user_id: number }): NewRecord => ({
  key: String(value.user_id),
  value: new TextEncoder().encode(JSON.stringify(value)),
});
const append = (log: EventLog, ...events: { user_id: number }[]) => log.append(TOPICS.rating, events.map(record));

describe("readiness", () => {
  test("503 without a catalogue; ready with one although no model has been trained; a required model is waited for", async () => {
    await using world = await openWorld({ empty: true });
    const api = await world.api();
    const strict = await world.api({ requireModel: true });
    const response = await api.inject("/ready");
    expect(response.statusCode).toBe(503);
    expect(response.json()).toMatchObject({ code: "not_ready", missing: [expect.stringContaining("no catalogue")] });
    expect((await api.inject("/health")).statusCode).toBe(200);
    await world.write("silver_movies", CATALOGUE as never);
    await vi.waitFor(async () => expect((await api.inject("/ready")).statusCode).toBe(200));
    expect((await api.inject("/ready")).json()).toMatchObject({ model_version: null, films: CATALOGUE.length });
    expect((await strict.inject("/ready")).json()).toMatchObject({ missing: ["no model has been promoted yet"] });
    await world.promote("m1");
    await vi.waitFor(async () => expect((await strict.inject("/ready")).statusCode).toBe(200));
  });

  test("lists are never empty, with nothing, a catalogue, trending and a model", async () => {
    await using world = await openWorld({ empty: true });
    const api = await world.api();
    for (const url of ["/recommendations/1", "/trending", "/movies", "/movies/1"]) {
      expect((await api.inject(url)).json(), url).toMatchObject({ status: 503, code: "not_ready" });
    }
    await world.write("silver_movies", CATALOGUE as never);
    await vi.waitFor(async () => expect((await list(api, "/recommendations/1")).items).toHaveLength(10));
    expect(await list(api, "/recommendations/1")).toMatchObject({ strategy: "catalogue", model_version: null });
    expect((await list(api, "/trending")).items).toHaveLength(10);
    await world.publishTrending([trendingEntry(5, 3), trendingEntry(6, 2)]);
    const trending = await list(api, "/recommendations/1");
    expect(trending).toMatchObject({ strategy: "trending" });
    expect(movieIds(trending).slice(0, 2)).toEqual([5, 6]);
    expect(trending.items).toHaveLength(10);
    await world.promote("m1");
    await vi.waitFor(async () => expect(await list(api, "/recommendations/1")).toMatchObject({ strategy: "hybrid" }));
  });

  test("without a model, rated films are gone all the same", async () => {
    await using world = await openWorld({ empty: true });
    await world.write("silver_movies", CATALOGUE as never);
    await world.publishTrending([trendingEntry(5, 3), trendingEntry(6, 2)]);
    await append(world.ports.log, event("rating", 3, 5));
    const api = await world.api();
    await vi.waitFor(async () => expect(movieIds(await list(api, "/recommendations/3"))).not.toContain(5));
  });
});

describe("the model", () => {
  test("a promoted one replaces the old one while requests run; a damaged one leaves it and says so", async () => {
    await using world = await openWorld();
    const api = await world.api();
    await world.promote("m2");
    await vi.waitFor(async () => expect(await list(api, "/recommendations/1")).toMatchObject({ model_version: "m2" }));
    await world.ports.store.put("models/bad/snapshot.bin", new Uint8Array(100));
    const { revision } = (await world.ports.metadata.servingModel())!;
    const bad = { modelVersion: "bad", snapshotKey: "models/bad/snapshot.bin", details: {} };
    await world.ports.metadata.promoteModel(bad, revision);
    await vi.waitFor(async () => expect((await api.inject("/ready")).statusCode).toBe(503));
    expect(await list(api, "/recommendations/1")).toMatchObject({ model_version: "m2" });
    await world.promote("m3");
    await vi.waitFor(async () => expect((await api.inject("/ready")).json()).toMatchObject({ model_version: "m3" }));
  });

  test("while the metadata database is away the model serves, the API stays ready, and the log says so once", async () => {
    let away = false;
    let looks = 0;
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    const plan = {
      before: () => (away ? (looks++, new CinelakeError("metadata_unavailable", "It cannot be reached")) : undefined),
    };
    await using world = await openWorld({
      wrap: (ports) => ({
        ...ports,
        metadata: faulty(ports.metadata, plan),
        logger: createLogger({ service: "api", level: "error", pretty: false, destination }),
      }),
    });
    const api = await world.api({ modelPollMs: 2 });
    away = true;
    await vi.waitFor(() => expect(looks).toBeGreaterThan(5));
    expect((await api.inject("/ready")).statusCode).toBe(200);
    expect(await world.ports.metrics.text()).not.toContain('model_loads_total{outcome="failed"}');
    expect(await list(api, "/recommendations/1")).toMatchObject({ model_version: "m1", strategy: "hybrid" });
    away = false;
    await world.promote("m2");
    await vi.waitFor(async () => expect((await api.inject("/ready")).json()).toMatchObject({ model_version: "m2" }));
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
      "model cannot be looked up; the one before goes on serving",
    ]);
  });

  test("its snapshot is read once, not at each look", async () => {
    await using world = await openWorld();
    const { port, calls } = counting(world.ports.store);
    const { createApi } = await import("../src/index.ts");
    const api = await createApi({ ...world.ports, store: port }, { modelPollMs: 2, cataloguePollMs: 1000 });
    const gets = calls.get("get");
    await new Promise((resolve) => void setTimeout(resolve, 50));
    expect(calls.get("get")).toBe(gets);
    await api.close();
  });
});

describe("events of users", () => {
  test("those after the model's offsets count from the start, also of a user whom the model does not know", async () => {
    await using world = await openWorld();
    await append(world.ports.log, ...[3, 7, 11].map((movieId) => event("rating", 77_000, movieId)));
    const api = await world.api();
    await vi.waitFor(async () => expect((await api.inject("/ready")).statusCode).toBe(200));
    const known = await list(api, "/recommendations/77000");
    expect(known.strategy).toBe("hybrid");
    for (const movieId of [3, 7, 11]) expect(movieIds(known)).not.toContain(movieId);
  });

  test("those that the model knows already are not read again", async () => {
    await using world = await openWorld({ empty: true });
    await world.write("silver_movies", CATALOGUE as never);
    await append(world.ports.log, event("rating", 77_000, 3));
    const { next } = await world.ports.log.offsets([TOPICS.rating]);
    await world.promote("m1", Object.fromEntries(next));
    const api = await world.api();
    expect((await list(api, "/users/77000/history")).items).toEqual([]);
  });

  test("what the log no longer has comes from the tables", async () => {
    const user = 88_000;
    const partition = partitionOf(String(user), DEFAULT_PARTITIONS);
    const key = `${TOPICS.rating}/${partition}`;
    await using world = await openWorld({
      wrap: (ports) => ({ ...ports, log: logThatBeginsAt(ports.log, key, 2) }),
    });
    const { log } = world.ports;
    await append(log, event("rating", user, 1), event("rating", user, 2), event("rating", user, 3));
    const row = (offset: number, movie: number) => ({
      event_id: crypto.randomUUID(),
      event_ts: "2026-01-01T00:00:00Z",
      event_date: "2026-01-01",
      user_id: user,
      movie_id: movie,
      log_partition: partition,
      log_offset: offset,
      ingestion_ts: "2026-01-01T00:00:01Z",
      rating: 4.5,
      review_text: null,
    });
    await world.write("silver_events_ratings", [row(0, 1), row(1, 2), row(2, 3)]);
    const api = await world.api();
    await vi.waitFor(async () => expect((await list(api, `/users/${user}/history`)).items).toHaveLength(3));
    const rated = await list(api, `/users/${user}/history`);
    expect(movieIds(rated).sort()).toEqual([1, 2, 3]);
  });

  test("a model rolled back to older offsets gets the events that it lacks", async () => {
    await using world = await openWorld({ empty: true });
    await world.write("silver_movies", CATALOGUE as never);
    await append(world.ports.log, event("rating", 77_000, 3));
    const { next } = await world.ports.log.offsets([TOPICS.rating]);
    await world.promote("new", Object.fromEntries(next));
    const api = await world.api();
    expect((await list(api, "/users/77000/history")).items).toEqual([]);
    await world.promote("old");
    await vi.waitFor(async () => expect(movieIds(await list(api, "/users/77000/history"))).toEqual([3]));
  });

  test("reading goes on after the log has failed for a while", async () => {
    let failures = 5;
    await using world = await openWorld({
      wrap: (ports) => ({
        ...ports,
        log: faulty(ports.log, {
          before: (method) => (method === "read" && failures-- > 0 ? new Error("gone") : undefined),
        }),
      }),
    });
    const api = await world.api();
    await append(world.ports.log, event("rating", 77_000, 3));
    await vi.waitFor(async () => expect((await list(api, "/users/77000/history")).items).toHaveLength(1), 5000);
  });
});

describe("trending", () => {
  test("shows the published list, by genre too, with its parts", async () => {
    await using world = await openWorld();
    const api = await world.api();
    const all = (await api.inject("/trending?k=3")).json();
    expect(all).toMatchObject({ window: "24h", genre: null, stale: false, computed_at: expect.any(String) });
    expect(all.items.map((item: { movie_id: number }) => item.movie_id)).toEqual([1, 2, 3]);
    expect(all.items[0]).toMatchObject({ title: "Animation Story 1", source: "live", users: 5, score: 20 });
    const drama = (await api.inject("/trending?genre=drama")).json();
    expect(drama.genre).toBe("Drama");
    expect(drama.items.every(({ movie_id }: { movie_id: number }) => genreOf(movie_id) === "Drama")).toBe(true);
  });

  test("is stale when old, and when the cache has lost it; then the last one known is shown", async () => {
    await using world = await openWorld();
    const api = await world.api({ trendingStaleMs: 1000 });
    await world.publishTrending([trendingEntry(9, 1)], { computed_at: new Date(Date.now() - 5000).toISOString() });
    expect((await api.inject("/trending")).json()).toMatchObject({ stale: true, items: [{ movie_id: 9 }] });
    await world.publishTrending([trendingEntry(8, 1)]);
    expect((await api.inject("/trending")).json()).toMatchObject({ stale: false, items: [{ movie_id: 8 }] });
    await world.ports.cache.delete("trending:24h");
    expect((await api.inject("/trending")).json()).toMatchObject({ stale: true, items: [{ movie_id: 8 }] });
  });

  test("of a window that was never published shows popular films, marked as history", async () => {
    await using world = await openWorld();
    const api = await world.api();
    const answer = (await api.inject("/trending?window=7d&k=5")).json();
    expect(answer).toMatchObject({ stale: true, computed_at: null });
    expect(answer.items).toHaveLength(5);
    expect(answer.items.every(({ source }: { source: string }) => source === "history")).toBe(true);
  });

  test("waits until the position is counted in", async () => {
    await using world = await openWorld();
    const api = await world.api({ trendingCacheMs: 200, afterWaitMs: 2000 });
    const position = Buffer.from(JSON.stringify({ "events_clicks/1": 4 })).toString("base64url");
    const asking = api.inject(`/trending?after=${position}`);
    await new Promise((resolve) => void setTimeout(resolve, 50));
    await world.publishTrending([trendingEntry(9, 1)], { offsets: { "events_clicks/1": 4 } });
    const response = await asking;
    expect(response.headers["x-position-reached"]).toBe("true");
    expect(movieIds(response.json())).toEqual([9]);
  });

  test("a broken cache is a missing list, not a failure", async () => {
    await using world = await openWorld({
      wrap: (ports) => ({
        ...ports,
        cache: faulty(ports.cache, { before: (method) => (method === "get" ? new Error("down") : undefined) }),
      }),
    });
    const api = await world.api();
    expect((await api.inject("/trending")).json()).toMatchObject({ stale: true });
    expect((await list(api, "/recommendations/1")).items).toHaveLength(10);
  });
});

describe("the catalogue", () => {
  test("is refreshed when the table changes", async () => {
    await using world = await openWorld();
    const api = await world.api();
    expect((await api.inject("/movies/5000")).statusCode).toBe(404);
    await world.write("silver_movies", [{ ...CATALOGUE[0]!, movie_id: 5000, title: "Brand New" }] as never);
    await vi.waitFor(async () => expect((await api.inject("/movies/5000")).statusCode).toBe(200));
    expect(movieIds((await api.inject("/movies?query=brand")).json())).toEqual([5000]);
  });

  test("a placeholder can be looked up and is in no list", async () => {
    await using world = await openWorld();
    const api = await world.api();
    await world.publishTrending([
      trendingEntry(PLACEHOLDER_FILM, 9),
      trendingEntry(UNKNOWN_FILM, 8),
      trendingEntry(1, 7),
    ]);
    expect((await api.inject(`/movies/${PLACEHOLDER_FILM}`)).json()).toMatchObject({ is_placeholder: true });
    expect(movieIds((await api.inject("/trending")).json())).toEqual([1]);
    for (const url of ["/recommendations/1?k=500", "/recommendations?k=500", "/movies?limit=500"]) {
      expect(movieIds(await list(api, url))).not.toContain(PLACEHOLDER_FILM);
      expect(movieIds(await list(api, url))).not.toContain(UNKNOWN_FILM);
    }
  });

  test("pages through a search with its cursor", async () => {
    await using world = await openWorld();
    const api = await world.api();
    const seen: number[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: { items: { movie_id: number }[]; next_cursor: string | null } = (
        await api.inject(`/movies?query=story&genre=Comedy&limit=7${cursor ? `&cursor=${cursor}` : ""}`)
      ).json();
      seen.push(...movieIds(page));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual(
      CATALOGUE.filter(({ genres, is_placeholder }) => genres[0] === "Comedy" && !is_placeholder).map(
        ({ movie_id }) => movie_id,
      ),
    );
  });

  test("similar films are of the same taste, the film itself is not among them; an unrated film has none", async () => {
    await using world = await openWorld();
    const api = await world.api();
    const similar = (await api.inject("/movies/6/similar?k=10")).json();
    expect(similar).toMatchObject({ movie_id: 6, model_version: "m1" });
    expect(movieIds(similar)).toHaveLength(10);
    expect(movieIds(similar)).not.toContain(6);
    expect(movieIds(similar).filter((movieId) => genreOf(movieId) === genreOf(6)).length).toBeGreaterThanOrEqual(7);
    expect((await api.inject(`/movies/${UNRATED_FILM}/similar`)).json()).toMatchObject({ items: [] });
  });
});

/** The log as retention leaves it: the first records of one partition are gone. */
function logThatBeginsAt(log: EventLog, key: string, first: number): EventLog {
  return new Proxy(log, {
    get(target, name) {
      if (name === "offsets") {
        return async (topics: readonly string[]) => {
          const offsets = await target.offsets(topics);
          return {
            ...offsets,
            first: new Map([...offsets.first, ...(offsets.first.has(key) ? [[key, first] as const] : [])]),
          };
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
