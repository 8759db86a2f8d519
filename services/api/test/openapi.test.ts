import { Ajv2020 } from "ajv/dist/2020.js";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { event, openWorld, type World } from "./world.ts";

interface Operation {
  readonly summary?: string;
  readonly parameters?: readonly { name: string; in: string; schema: object }[];
  readonly responses: Record<string, { content?: Record<string, { schema: object }> }>;
}

let world: World;
let api: FastifyInstance;
let paths: Record<string, Record<string, Operation>>;
beforeAll(async () => {
  world = await openWorld();
  api = await world.api();
  paths = (await api.inject("/openapi.json")).json().paths;
});
afterAll(() => world[Symbol.asyncDispose]());

test("lists every route and nothing else", () => {
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  expect(routes.sort()).toEqual([
    "get /",
    "get /health",
    "get /metrics",
    "get /movies",
    "get /movies/{movie_id}",
    "get /movies/{movie_id}/similar",
    "get /ready",
    "get /recommendations",
    "get /recommendations/{user_id}",
    "get /trending",
    "get /users/{user_id}/history",
    "post /events",
    "post /recommendations",
  ]);
});

test("every operation says what it does, and that failures are problems", () => {
  for (const operation of Object.values(paths).flatMap((methods) => Object.values(methods))) {
    expect(operation.summary).toBeTruthy();
    expect(operation.responses["default"]?.content).toHaveProperty(["application/problem+json"]);
  }
});

test("parameters have their types and limits", () => {
  const { parameters } = paths["/recommendations/{user_id}"]!["get"]!;
  const byName = new Map(parameters!.map((parameter) => [parameter.name, parameter]));
  expect(byName.get("k")?.schema).toMatchObject({ type: "integer", minimum: 1, maximum: 500 });
  expect(byName.get("user_id")).toMatchObject({ in: "path", schema: { type: "integer", minimum: 1 } });
});

describe("answers fit their schemas", () => {
  const requests: [string, "GET" | "POST", string, object?][] = [
    ["/", "GET", "/"],
    ["/health", "GET", "/health"],
    ["/ready", "GET", "/ready"],
    ["/movies", "GET", "/movies?query=story"],
    ["/movies/{movie_id}", "GET", "/movies/1"],
    ["/movies/{movie_id}/similar", "GET", "/movies/1/similar"],
    ["/recommendations", "GET", "/recommendations"],
    ["/recommendations/{user_id}", "GET", "/recommendations/1"],
    ["/trending", "GET", "/trending"],
    ["/users/{user_id}/history", "GET", "/users/1/history"],
    ["/events", "POST", "/events", [event("view", 1, 1), {}]],
    ["/recommendations", "POST", "/recommendations", { liked: [1] }],
    ["/movies/{movie_id}", "GET", "/movies/4000000"],
    ["/events", "POST", "/events", {}],
  ];
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  test.each(requests)("%s %s %s", async (path, method, url, payload) => {
    const response = await api.inject({ method, url, ...(payload ? { payload } : {}) });
    const { responses } = paths[path]![method.toLowerCase()]!;
    const { content } = (responses[String(response.statusCode)] ?? responses["default"])!;
    const type = String(response.headers["content-type"]).split(";")[0]!;
    expect(Object.keys(content!)).toContain(type);
    const validate = ajv.compile(content![type]!.schema);
    expect(validate(response.json()), JSON.stringify(validate.errors)).toBe(true);
  });
});

describe("operations", () => {
  test("/docs shows the document", async () => {
    const page = await api.inject("/docs/");
    expect(page.statusCode).toBe(200);
    expect(page.headers["content-type"]).toMatch("text/html");
  });

  test("/metrics counts requests by the route's pattern, never by its address", async () => {
    await api.inject("/recommendations/123456");
    await api.inject("/no/such/path/123456");
    const { body, headers } = await api.inject("/metrics");
    expect(headers["content-type"]).toMatch("text/plain");
    expect(body).toMatch(
      /cinelake_http_request_duration_seconds_count\{method="GET",route="\/recommendations\/:user_id",status="200"\} \d/,
    );
    expect(body).toMatch(/cinelake_recommendations_total\{strategy="hybrid"\} \d/);
    expect(body).not.toContain("123456");
  });

  test("x-request-id is the caller's if it is fit for a log, else a new one", async () => {
    const idOf = async (given: string) =>
      (await api.inject({ url: "/health", headers: { "x-request-id": given } })).headers["x-request-id"];
    expect(await idOf("trace-42")).toBe("trace-42");
    expect(await idOf("a b\u0007")).toMatch(/^[0-9a-f-]{36}$/);
    expect(await idOf("x".repeat(65))).toMatch(/^[0-9a-f-]{36}$/);
  });
});
