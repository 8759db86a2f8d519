import { fileURLToPath } from "node:url";
import { findError } from "@cinelake/contracts";
import { openMetadata } from "@cinelake/metadata";
import { expect, test } from "vitest";
import { postgresSettings } from "../src/postgres_url.ts";

const tlsOf = (parameters: string) => postgresSettings(`postgres://host/db?${parameters}`).pool.ssl;
const file = fileURLToPath(import.meta.url);

test("a URL names server, credentials, database and limits", () => {
  expect(postgresSettings("postgres://me:p%40ss%2Fw@db:6000/films?pool_size=2&statement_timeout_ms=50")).toMatchObject({
    address: "postgres://db:6000/films",
    pool: { host: "db", port: 6000, user: "me", password: "p@ss/w", database: "films", ssl: false, max: 2 },
  });
  expect(postgresSettings("postgresql://db/films").pool).toMatchObject({
    port: 5432,
    max: 5,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 10_000,
    query_timeout: 12_000,
    idle_in_transaction_session_timeout: 30_000,
  });
});

test("sslmode means what it means to libpq", () => {
  const trust = `sslrootcert=${encodeURIComponent(file)}`;
  expect(tlsOf("sslmode=disable")).toBe(false);
  expect(tlsOf("sslmode=require")).toMatchObject({ rejectUnauthorized: false });
  expect(tlsOf(`sslmode=require&${trust}`)).toMatchObject({ rejectUnauthorized: true });
  const authority = tlsOf(`sslmode=verify-ca&${trust}`);
  expect(authority).toMatchObject({ rejectUnauthorized: true, ca: expect.stringContaining("sslmode means") });
  expect(authority).toHaveProperty("checkServerIdentity");
  expect(tlsOf("sslmode=verify-full")).toEqual({ rejectUnauthorized: true });
});

test.each([
  ["postgres://me:hunter2@host", "name of a database"],
  ["postgres://me:hunter2@host/db?sslmode=prefer", "sslmode"],
  ["postgres://me:hunter2@host/db?sslmode=require&sslkey=/no/such/file", "/no/such/file"],
  ["postgres://me:hunter2@host/db?pool_size=0", "pool_size"],
  ["postgres://me:hunter2@host/db?statement_timeout=1", "does not know statement_timeout"],
  ["postgres://me:hunter2@host:port/db", "percent-encoded"],
])("%s is a configuration error that names what is wrong and shows no password", async (url, reason) => {
  const error: unknown = await openMetadata(url).catch((thrown: unknown) => thrown);
  expect(findError(error, "config_invalid")?.message).toContain(reason);
  expect(String(error)).not.toContain("hunter2");
});
