import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { findError } from "@cinelake/contracts";
import { openMetadata, type Metadata } from "@cinelake/metadata";
import { startOwnPostgresServer, type OwnPostgresServer } from "@cinelake/testkit";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";

let server: OwnPostgresServer;
beforeAll(async () => void (server = await startOwnPostgresServer({}, { tls: true })));
afterAll(() => server[Symbol.asyncDispose]());

const model = { modelVersion: "m", snapshotKey: "k", details: {} };
const run = { experiment: "e", name: "n", status: "running", started_at: 0, finished_at: null };
const errorOf = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
const codeOf = async (call: Promise<unknown>) => findError(await errorOf(call))?.code;

/** A process of its own that opens the database and runs `body`, which may say something. */
function inProcess(url: string, body: string) {
  const module = JSON.stringify(fileURLToPath(new URL("../src/open.ts", import.meta.url)));
  const script = `
    const { openMetadata } = await import(${module});
    const metadata = await openMetadata(${JSON.stringify(url)});
    ${body}`;
  return spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: ["ignore", "pipe", "inherit"] });
}

async function untilItWorks(metadata: Metadata): Promise<void> {
  await expect.poll(() => codeOf(metadata.servingModel()), { timeout: 15_000 }).toBeUndefined();
}

test("processes that open an empty database at once migrate it once", async () => {
  await using database = await server.createDatabase();
  const children = [1, 2, 3].map(() => inProcess(database.url, "await metadata[Symbol.asyncDispose]();"));
  const ended = await Promise.all(children.map((child) => once(child, "exit")));
  expect(ended).toEqual([
    [0, null],
    [0, null],
    [0, null],
  ]);
  await using metadata = await openMetadata(database.url);
  expect(await metadata.servingModel()).toBeUndefined();
});

test("a writer that is killed in the middle of a transaction holds up nobody", async () => {
  await using database = await server.createDatabase();
  await using metadata = await openMetadata(database.url);
  const child = inProcess(
    database.url,
    `await metadata.db.transaction().execute(async (within) => {
      await within.insertInto("runs").values(${JSON.stringify({ ...run, run_id: "lost" })}).execute();
      process.stdout.write("in the middle");
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    });`,
  );
  await once(child.stdout, "data");
  const waiting = metadata.db.transaction().execute((within) =>
    within
      .insertInto("runs")
      .values({ ...run, run_id: "kept" })
      .execute(),
  );
  child.kill("SIGKILL");
  await waiting;
  expect(await metadata.db.selectFrom("runs").select("run_id").execute()).toEqual([{ run_id: "kept" }]);
});

test("many calls at once share a bounded number of connections and all succeed", async () => {
  await using database = await server.createDatabase();
  await using metadata = await openMetadata(`${database.url}?pool_size=3&application_name=bounded`);
  const count = async () => {
    const rows = await server.query("select count(*) from pg_stat_activity where application_name = 'bounded'");
    return Number(rows[0]?.count);
  };
  const writes = Array.from({ length: 40 }, (_, index) =>
    metadata.db.transaction().execute(async (within) => {
      await within
        .insertInto("runs")
        .values({ ...run, run_id: `${index}` })
        .execute();
      await within
        .insertInto("run_tags")
        .values({ run_id: `${index}`, key: "k", value: "v" })
        .execute();
    }),
  );
  const [seen] = await Promise.all([count(), ...writes]);
  expect(Math.max(seen, await count())).toBeLessThanOrEqual(3);
  expect(await metadata.db.selectFrom("run_tags").select("run_id").execute()).toHaveLength(40);
});

test("a statement that takes too long is given up, and the next one works", async () => {
  await using database = await server.createDatabase();
  await using metadata = await openMetadata(`${database.url}?statement_timeout_ms=1000`);
  expect(await codeOf(sql`select pg_sleep(60)`.execute(metadata.db))).toBe("metadata_unavailable");
  expect(await metadata.servingModel()).toBeUndefined();
});

test("a value that fits no column is the caller's mistake", async () => {
  await using database = await server.createDatabase();
  await using metadata = await openMetadata(database.url);
  const insert = (run_id: string) =>
    metadata.db
      .insertInto("runs")
      .values({ ...run, run_id })
      .execute();
  expect(await codeOf(insert("r".repeat(65)))).toBe("invalid_argument");
  expect(await codeOf(insert("nul\0"))).toBe("invalid_argument");
  await insert("fits");
});

test("a restart fails what is under way, all of it, and nothing after it", async () => {
  await using database = await server.createDatabase();
  await using metadata = await openMetadata(database.url);
  await metadata.promoteModel(model, 0);
  const transaction = metadata.db.transaction().execute(async (within) => {
    await within
      .insertInto("runs")
      .values({ ...run, run_id: "lost" })
      .execute();
    await server.stop();
    expect(await codeOf(metadata.servingModel())).toBe("metadata_unavailable");
    expect(await codeOf(openMetadata(database.url))).toBe("metadata_unavailable");
    await server.start();
    await within
      .insertInto("runs")
      .values({ ...run, run_id: "lost too" })
      .execute();
  });
  expect(await codeOf(transaction)).toBe("metadata_unavailable");
  expect((await metadata.servingModel())?.revision).toBe(1);
  expect(await metadata.db.selectFrom("runs").select("run_id").execute()).toEqual([]);
});

test("a server that hangs is given up after the time of a statement, and used again once it answers", async () => {
  await using database = await server.createDatabase();
  await using metadata = await openMetadata(`${database.url}?statement_timeout_ms=1000&application_name=hanging`);
  await metadata.promoteModel(model, 0);
  server.pause();
  const calls = Array.from({ length: 20 }, () => codeOf(metadata.servingModel()));
  expect(new Set(await Promise.all(calls))).toEqual(new Set(["metadata_unavailable"]));
  server.resume();
  await untilItWorks(metadata);
  expect((await metadata.servingModel())?.revision).toBe(1);
});

test("a connection that has fallen silent is not used again", async () => {
  await using database = await server.createDatabase();
  await using metadata = await openMetadata(`${database.url}?statement_timeout_ms=1000&pool_size=1`);
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(metadata.db);
  process.kill(rows[0]!.pid, "SIGSTOP");
  try {
    expect(await codeOf(metadata.servingModel())).toBe("metadata_unavailable");
    expect(await codeOf(metadata.servingModel())).toBeUndefined();
  } finally {
    process.kill(rows[0]!.pid, "SIGCONT");
  }
});

test("refused credentials and databases are configuration errors, and no error shows a password", async () => {
  const { username, password, host } = new URL(server.url);
  const urls = {
    config_invalid: [
      `postgres://${username}:hunter2@${host}/postgres`,
      `postgres://hunter2:hunter2@${host}/postgres`.replace("hunter2:", "nobody:"),
      `postgres://${username}:${password}@${host}/no_such_database`,
    ],
    metadata_unavailable: [
      `postgres://${username}:hunter2@127.0.0.1:1/postgres`,
      `postgres://${username}:${password}@${host}/postgres?sslmode=verify-full`,
    ],
  };
  for (const [code, all] of Object.entries(urls)) {
    for (const url of all) {
      const error = await errorOf(openMetadata(url));
      expect(findError(error)?.code, url).toBe(code);
      expect(findError(error)?.message).toContain(/127.0.0.1:\d+/.exec(url)![0]);
      const shown = inspect(error, { depth: 20, showHidden: true });
      expect(shown.includes("hunter2") || shown.includes(password)).toBe(false);
    }
  }
});

test.each(["sslmode=require", "sslmode=verify-ca", "sslmode=verify-full"])("%s speaks TLS", async (mode) => {
  await using database = await server.createDatabase();
  const trust = `&sslrootcert=${encodeURIComponent(server.certificate!)}`;
  await using metadata = await openMetadata(`${database.url}?${mode}${trust}`);
  const { rows } = await sql<{ ssl: boolean }>`select ssl from pg_stat_ssl where pid = pg_backend_pid()`.execute(
    metadata.db,
  );
  expect(rows).toEqual([{ ssl: true }]);
});
