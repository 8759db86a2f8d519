import { expect, test } from "vitest";
import { maskUrl, resolveUrls, URL_VARIABLES } from "@cinelake/runtime";

test("without any variable everything lies below the data directory", () => {
  expect(resolveUrls({}, "/data")).toEqual({
    log: "file:///data/log",
    cache: "memory:",
    jobs: "memory:",
    metadata: "sqlite:/data/metadata.sqlite",
    tracking: "metadata:",
    lake: "file:///data/lakehouse",
  });
});

test("the usual names are honoured, with their usual defaults", () => {
  const env = {
    KAFKA_BOOTSTRAP_SERVERS: "kafka:29092, other:9092",
    REDIS_HOST: "redis",
    POSTGRES_HOST: "postgres",
    POSTGRES_PASSWORD: "p@ss/word",
    MLFLOW_TRACKING_URI: "http://mlflow:5000",
    LAKEHOUSE_PATH: "/lakehouse",
  };
  expect(resolveUrls(env, "/data")).toEqual({
    log: "kafka://kafka:29092,other:9092",
    cache: "redis://redis:6379/1",
    jobs: "redis://redis:6379/0",
    metadata: "postgres://airflow:p%40ss%2Fword@postgres:5432/airflow",
    tracking: "http://mlflow:5000",
    lake: "file:///lakehouse",
  });
});

test("a URL beats the usual names, and empty text is no URL", () => {
  const env = {
    CACHE_URL: "memory:",
    JOBS_URL: " ",
    REDIS_HOST: "r",
    REDIS_PORT: "7000",
    REDIS_PASSWORD: "a b",
    LAKEHOUSE_PATH: "/x",
    LAKE_URL: "s3://bucket/lake",
  };
  expect(resolveUrls(env, "/data")).toMatchObject({
    cache: "memory:",
    jobs: "redis://:a%20b@r:7000/0",
    lake: "s3://bucket/lake",
  });
});

test("folders become absolute file URLs whatever is in their names", () => {
  expect(resolveUrls({ LAKE_URL: "/data/my lake#1" }, "/d").lake).toBe("file:///data/my%20lake%231");
  expect(resolveUrls({}, "relative").lake).toMatch(/^file:\/\/\/.*\/relative\/lakehouse$/);
});

test.each(["0", "65536", "abc", "1.5"])("port %s is refused by name", (port) => {
  expect(() => resolveUrls({ REDIS_HOST: "r", REDIS_PORT: port }, "/d")).toThrow("REDIS_PORT must be a port");
});

test("every variable that is documented matters, and no other does", () => {
  const read = new Set<string>();
  const env = new Proxy<Record<string, string>>(
    { REDIS_HOST: "r", POSTGRES_HOST: "p" },
    {
      get: (target, name) => (read.add(String(name)), target[String(name)]),
    },
  );
  resolveUrls(env, "/data");
  expect([...read].sort()).toEqual(URL_VARIABLES.map(({ name }) => name).sort());
});

test("passwords are masked", () => {
  expect(maskUrl("postgres://air:p%40ss@host:5432/db")).toBe("postgres://air:***@host:5432/db");
  expect(maskUrl("redis://:secret@host/1")).toBe("redis://:***@host/1");
  expect(maskUrl("http://host:5000/a@b")).toBe("http://host:5000/a@b");
});
