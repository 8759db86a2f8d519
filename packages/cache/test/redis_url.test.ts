import { expect, test } from "vitest";
import { openCache } from "../src/index.ts";
import { redisSettings } from "../src/redis_url.ts";

test("a URL names server, credentials, database, prefix and budget", () => {
  expect(redisSettings("redis://redis:6379/1")).toEqual({
    address: "redis://redis:6379/1",
    prefix: "cinelake:",
    maxBytes: 64 << 20,
    callMs: 250,
    connection: { host: "redis", port: 6379, db: 1 },
  });
  expect(redisSettings("rediss://me:p%40ss%2Fw@[::1]?prefix=a:&max_bytes=1000&timeout_ms=40", 5)).toEqual({
    address: "rediss://[::1]:6379/",
    prefix: "a:",
    maxBytes: 1000,
    callMs: 40,
    connection: { host: "::1", port: 6379, db: 0, username: "me", password: "p@ss/w", tls: {} },
  });
});

test.each([
  ["redis://:hunter2@host/one", "number of a database"],
  ["redis://:hunter2@host/1?max_bytes=much", "max_bytes"],
  ["redis://:hunter2@host/1?pool=1", "does not know pool"],
  ["redis://:hunter2@host/1?timeout_ms=0", "timeout_ms"],
  ["redis://:hunter2@host:port/1", "percent-encoded"],
  ["rediss://:hunter2@host/1?ca=/no/such/file.pem", "/no/such/file.pem"],
  ["valkey://:hunter2@host/1", "valkey:"],
])("%s is a configuration error that names what is wrong and shows no password", async (url, reason) => {
  const error: unknown = await openCache(url).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "config_invalid", message: expect.stringContaining(reason) });
  expect(String(error)).not.toContain("hunter2");
});
