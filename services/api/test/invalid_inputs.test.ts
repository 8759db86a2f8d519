import type { FastifyInstance, InjectOptions } from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { event, openWorld, UNKNOWN_FILM, type World } from "./world.ts";

let world: World;
let api: FastifyInstance;
beforeAll(async () => {
  world = await openWorld();
  api = await world.api();
});
afterAll(() => world[Symbol.asyncDispose]());

interface Expectation {
  readonly status: number;
  readonly code: string;
  /** Part of the detail. */
  readonly says?: string;
}

const invalid = (says?: string): Expectation => ({ status: 400, code: "invalid_argument", ...(says ? { says } : {}) });
const badEvent = (says: string): Expectation => ({ status: 400, code: "invalid_event", says });
const badJson: Expectation = { status: 400, code: "invalid_json" };
const tooLarge: Expectation = { status: 413, code: "payload_too_large" };
const badType: Expectation = { status: 415, code: "unsupported_media_type" };
const missing: Expectation = { status: 404, code: "not_found" };
const badMethod: Expectation = { status: 405, code: "method_not_allowed" };

const HUGE = "9".repeat(400);
const MEGABYTE = "x".repeat(1 << 20);
const WRONG_IDS = [
  "0",
  "-1",
  "1.5",
  "1e3",
  "0x10",
  "abc",
  "%20",
  "9007199254740992",
  HUGE.slice(0, 150),
  "1%00",
  "null",
  "%F0%9F%8E%AC",
];

async function expectProblem(request: InjectOptions | string, { status, code, says }: Expectation): Promise<void> {
  const response = await api.inject(request);
  expect(response.statusCode, response.body.slice(0, 300)).toBe(status);
  expect(response.headers["content-type"]).toMatch("application/problem+json");
  const problem = response.json() as Record<string, unknown>;
  expect(problem).toMatchObject({ code, status, type: `urn:cinelake:problem:${code}`, title: expect.any(String) });
  expect(problem["detail"]).toContain(says ?? "");
  expect(response.body).not.toMatch(/node_modules|\.ts:|at async/);
}

describe("ids in paths", () => {
  const paths: [string, string, string][] = [
    ["GET /recommendations/{user_id}", "/recommendations/", ""],
    ["GET /movies/{movie_id}", "/movies/", ""],
    ["GET /movies/{movie_id}/similar", "/movies/", "/similar"],
    ["GET /users/{user_id}/history", "/users/", "/history"],
  ];
  const cases = paths.flatMap(([name, before, after]) =>
    WRONG_IDS.map((id): [string, string] => [`${name} with ${id.slice(0, 20)}`, before + id + after]),
  );
  test.each(cases)("%s", (_name, url) => expectProblem(url, invalid("_id: must be a whole number from 1 to")));
});

describe("parameters", () => {
  const k = ["0", "-5", "501", "1.5", "ten", "1e2", HUGE, "5&k=6", "%00"].map((value) => `k=${value}`);
  const listing = ["exclude=abc", "exclude=1,-2", `exclude=${HUGE}`, `exclude=${Array(1001).fill("1").join(",")}`];
  const after = ["after=xyz", "after=%00", "after=W10", "after=bnVsbA", `after=${"A".repeat(5000)}`, "after=a&after=b"];
  const cases: Record<string, readonly string[]> = {
    "/recommendations/1": [...k, ...listing, ...after],
    "/recommendations": [
      ...k,
      ...listing,
      ...after,
      "user_id=0",
      "user_id=abc",
      `user_id=${HUGE}`,
      "user_id=1&user_id=2",
    ],
    "/trending": [
      ...k,
      ...after,
      "window=1y",
      "window=",
      "window=1h&window=7d",
      "genre=Nonsense",
      "genre=%00",
      "genre=a&genre=b",
    ],
    "/movies": [
      "limit=0",
      "limit=501",
      "limit=x",
      "query=%00",
      `query=${"q".repeat(201)}`,
      "query=a&query=b",
      "genre=Nonsense",
      "cursor=x",
      "cursor=OTo5",
      `cursor=${HUGE}`,
    ],
    "/movies/1/similar": k,
    "/users/1/history": [...k, ...after],
  };
  const flat = Object.entries(cases).flatMap(([path, queries]) =>
    queries.map((query): [string, string] => [path, query]),
  );
  test.each(flat.map(([path, query]): [string, string, string] => [path, query.slice(0, 40), query]))(
    "GET %s?%s",
    (path, _shown, query) => expectProblem(`${path}?${query}`, invalid(`${query.split("=")[0]}`)),
  );
});

test.each([
  `/movies/${UNKNOWN_FILM}`,
  `/movies/${UNKNOWN_FILM}/similar`,
  "/nothing",
  "/recommendations/1/more",
  "/docs/../etc/passwd",
])("GET %s is not there", (url) => expectProblem(url, missing));

describe("methods", () => {
  const wrong: [string, string, string][] = [
    ["DELETE", "/recommendations/1", "GET"],
    ["POST", "/recommendations/1", "GET"],
    ["PUT", "/recommendations", "POST"],
    ["POST", "/trending", "GET"],
    ["POST", "/movies", "GET"],
    ["PATCH", "/movies/1", "GET"],
    ["POST", "/movies/1/similar", "GET"],
    ["GET", "/events", "POST"],
    ["DELETE", "/users/1/history", "GET"],
    ["POST", "/health", "GET"],
    ["POST", "/ready", "GET"],
    ["POST", "/metrics", "GET"],
    ["POST", "/openapi.json", "GET"],
    ["DELETE", "/", "GET"],
  ];
  test.each(wrong)("%s %s", async (method, url, allowed) => {
    await expectProblem({ method: method as "GET", url }, badMethod);
    const response = await api.inject({ method: method as "GET", url });
    expect(response.headers["allow"]!.split(", ")).toContain(allowed);
    expect(response.headers["allow"]).not.toContain(method);
  });
});

const BODY_ROUTES = ["/events", "/recommendations"];

describe.each(BODY_ROUTES)("bodies of POST %s", (url) => {
  const json = { "content-type": "application/json" };
  const raw: [string, InjectOptions, Expectation][] = [
    ["broken JSON", { payload: '{"a":', headers: json }, badJson],
    ["nothing", { payload: "", headers: json }, badJson],
    ["a NUL byte", { payload: '{"a":"\u0000"}', headers: json }, badJson],
    ["__proto__", { payload: '{"__proto__":{"admin":true}}', headers: json }, badJson],
    ["constructor.prototype", { payload: '{"constructor":{"prototype":{"a":1}}}', headers: json }, badJson],
    ["a megabyte", { payload: JSON.stringify({ a: MEGABYTE }), headers: json }, tooLarge],
    ["text", { payload: "hello", headers: { "content-type": "text/plain" } }, badType],
    ["XML", { payload: "<a/>", headers: { "content-type": "application/xml" } }, badType],
    ["a form", { payload: "a=b", headers: { "content-type": "application/x-www-form-urlencoded" } }, badType],
    ["no body and no type", {}, invalid("body")],
    ["null", { payload: "null", headers: json }, invalid("body")],
    ["a number", { payload: "5", headers: json }, invalid("body")],
    ["a text", { payload: '"x"', headers: json }, invalid("body")],
    [
      "deep nesting",
      { payload: `{"liked":${"[".repeat(5000)}${"]".repeat(5000)}}`, headers: json },
      { status: 400, code: url === "/events" ? "invalid_event" : "invalid_argument" },
    ],
  ];
  test.each(raw)("%s", (_name, request, expected) => expectProblem({ ...request, method: "POST", url }, expected));
});

describe("bodies of POST /recommendations", () => {
  const bodies: [string, unknown, string][] = [
    ["an array", [], "body"],
    ["liked is no list", { liked: 5 }, "liked"],
    ["a film id as text", { liked: ["1"] }, "liked.0"],
    ["a film id of 0", { liked: [0] }, "liked.0"],
    ["a fraction", { disliked: [1.5] }, "disliked.0"],
    ["a huge number", { excluded: [1e300] }, "excluded.0"],
    ["too many films", { liked: Array(1001).fill(1) }, "liked"],
    ["k of 0", { k: 0 }, "k"],
    ["k of 501", { k: 501 }, "k"],
    ["k as text", { k: "10" }, "k"],
    ["k null", { k: null }, "k"],
    ["a name that does not exist", { like: [1] }, "like"],
  ];
  test.each(bodies)("%s", (_name, payload, says) =>
    expectProblem({ method: "POST", url: "/recommendations", payload: payload as object }, invalid(says)),
  );
});

describe("events", () => {
  const valid = event("rating", 1, 1);
  const without = (name: string): object => Object.fromEntries(Object.entries(valid).filter(([key]) => key !== name));
  const single: [string, unknown, string][] = [
    ["an empty object", {}, "event_type is missing"],
    ...Object.keys(valid).map((name): [string, unknown, string] => [`no ${name}`, without(name), `${name} is missing`]),
    ["an unknown type", { ...valid, event_type: "purchase" }, "event_type"],
    ["a type from the prototype", { ...valid, event_type: "toString" }, "event_type"],
    ["an exposure", { ...valid, event_type: "exposure" }, "event_type"],
    ["an id that is no UUID", { ...valid, event_id: "1" }, "event_id"],
    ["a user id as text", { ...valid, user_id: "1" }, "user_id"],
    ["a user id of 0", { ...valid, user_id: 0 }, "user_id"],
    ["a user id of 2^53", { ...valid, user_id: 2 ** 53 }, "user_id"],
    ["a film id of 1e300", { ...valid, movie_id: 1e300 }, "movie_id"],
    ["a film id that is a list", { ...valid, movie_id: [1] }, "movie_id"],
    ["a rating of 0", { ...valid, rating: 0 }, "rating"],
    ["a rating of 5.5", { ...valid, rating: 5.5 }, "rating"],
    ["a rating of null", { ...valid, rating: null }, "rating"],
    ["a review of 5,001 characters", { ...valid, review_text: "x".repeat(5001) }, "review_text"],
    ["a date without an offset", { ...valid, event_ts: "2026-01-01T00:00:00" }, "event_ts"],
    ["a date that no calendar has", { ...valid, event_ts: "2026-02-30T00:00:00Z" }, "event_ts"],
    ["a date before 1995", { ...valid, event_ts: "1994-12-31T23:59:59Z" }, "event_ts"],
    ["a date in the future", { ...valid, event_ts: new Date(Date.now() + 600_000).toISOString() }, "event_ts"],
    ["a number as date", { ...valid, event_ts: 1.7e12 }, "event_ts"],
  ];
  test.each(single)("%s", (_name, payload, says) =>
    expectProblem({ method: "POST", url: "/events", payload: payload as object }, badEvent(says)),
  );

  test("no event and too many events", async () => {
    await expectProblem({ method: "POST", url: "/events", payload: [] }, invalid("1 to 500 events, not 0"));
    const many = Array.from({ length: 501 }, () => event("view", 1, 1));
    await expectProblem({ method: "POST", url: "/events", payload: many }, invalid("1 to 500 events, not 501"));
  });

  test("a list without one valid event tells the reason of each", async () => {
    const response = await api.inject({
      method: "POST",
      url: "/events",
      payload: [null, 5, [], { ...valid, rating: 9 }],
    });
    expect(response.statusCode).toBe(400);
    const { results } = response.json() as { results: { index: number; status: string; reason: string }[] };
    expect(results.map(({ index, status }) => [index, status])).toEqual(
      [0, 1, 2, 3].map((index) => [index, "rejected"]),
    );
    expect(results[3]!.reason).toContain("rating");
  });

  test("nothing of what was refused is in the log", async () => {
    const { next } = await world.ports.log.offsets(["events_ratings", "events_views", "events_clicks"]);
    expect([...next.values()].every((offset) => offset === 0)).toBe(true);
  });
});

test("broken % sequences and overlong paths are refused", async () => {
  await expectProblem("/movies/%E0%A4%A", invalid());
  await expectProblem(`/movies/${"1".repeat(300)}`, invalid());
});
