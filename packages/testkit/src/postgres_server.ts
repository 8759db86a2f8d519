import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { chown, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { makeCertificate } from "./certificate.ts";
import { freePort, startServerProcess, type ServerProcess } from "./server_process.ts";
import { temporaryDirectory } from "./temporary_directory.ts";

const run = promisify(execFile);
const DEBIAN = "/usr/lib/postgresql";

/** A fresh database, dropped with its scope. */
interface TestDatabase extends AsyncDisposable {
  readonly url: string;
}

/** A PostgreSQL server for tests. */
export interface PostgresServer extends AsyncDisposable {
  /** Of its administrator. */
  readonly url: string;
  createDatabase(): Promise<TestDatabase>;
  /** Runs a statement as the administrator. */
  query(statement: string): Promise<Record<string, unknown>[]>;
}

/** One that the test may also stop. */
export interface OwnPostgresServer extends PostgresServer, ServerProcess {
  readonly port: number;
  /** File to trust, with `tls`. */
  readonly certificate: string | undefined;
}

/**
 * A server of this scope, or the one of TEST_POSTGRES_URL, whose user may create databases. Fails where there is neither: server tests
 * do not skip.
 */
export async function startPostgresServer(): Promise<PostgresServer> {
  const given = process.env.TEST_POSTGRES_URL;
  if (!given) return startOwnPostgresServer();
  return { ...databasesOf(given), async [Symbol.asyncDispose]() {} };
}

/**
 * Debian's PostgreSQL on a free port over a fresh folder, gone with its scope. It does not wait for the disk (`fsync` is off): its
 * processes may be killed, the machine may not. `settings` are those of postgresql.conf; with `tls` it speaks TLS to who asks for it. PostgreSQL refuses to be root, so root runs it as the user `postgres`.
 */
export async function startOwnPostgresServer(
  settings: Readonly<Record<string, string>> = {},
  options: { readonly tls?: boolean } = {},
): Promise<OwnPostgresServer> {
  const programs = await installed();
  const asServer =
    process.getuid?.() === 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];
  const command = (program: string, ...args: string[]): [string, ...string[]] =>
    [...asServer, join(programs, program), ...args] as [string, ...string[]];

  await using opened = new AsyncDisposableStack();
  const { path } = opened.use(await temporaryDirectory());
  const [data, secret, password] = [join(path, "data"), join(path, "password"), randomUUID()];
  await mkdir(data);
  await writeFile(secret, password);
  const tls = options.tls ? await makeCertificate(path) : undefined;
  if (asServer.length > 0) {
    const [uid, gid] = await Promise.all(
      ["-u", "-g"].map(async (id) => Number((await run("id", [id, "postgres"])).stdout)),
    );
    for (const owned of [path, data, secret, ...(tls ? [tls.key] : [])]) await chown(owned, uid!, gid!);
  }
  const [file, ...args] = command("initdb", "--pgdata", data, "--username=cinelake", `--pwfile=${secret}`);
  await run(file, [...args, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"], { cwd: path });
  const port = await freePort();
  const all = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
    fsync: "off",
    shared_buffers: "16MB",
    ...(tls && { ssl: "on", ssl_cert_file: tls.certificate, ssl_key_file: tls.key }),
    ...settings,
  };
  const url = `postgres://cinelake:${password}@127.0.0.1:${port}/postgres`;
  const databases = databasesOf(url);
  const server = opened.use(
    await startServerProcess({
      name: "postgres",
      command: command(
        "postgres",
        "-D",
        data,
        ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
      ),
      answers: () =>
        databases.query("select 1").then(
          () => true,
          () => false,
        ),
      // Ends sessions instead of waiting for their clients.
      endSignal: "SIGINT",
    }),
  );
  const resources = opened.move();
  return {
    ...databases,
    ...server,
    port,
    certificate: tls?.certificate,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function databasesOf(url: string): Pick<PostgresServer, "url" | "createDatabase" | "query"> {
  const query = async (statement: string): Promise<Record<string, unknown>[]> => {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
    client.on("error", () => {}); // a server that ends takes its sessions with it; the query has failed already
    try {
      await client.connect();
      return (await client.query<Record<string, unknown>>(statement)).rows;
    } finally {
      await client.end();
    }
  };
  return {
    url,
    query,
    async createDatabase() {
      const name = `test_${randomUUID().replaceAll("-", "")}`;
      await query(`create database ${name}`);
      const own = new URL(url);
      own.pathname = `/${name}`;
      return {
        url: own.href,
        [Symbol.asyncDispose]: async () => void (await query(`drop database if exists ${name} with (force)`)),
      };
    },
  };
}

/** Folder of the newest version's programs. */
async function installed(): Promise<string> {
  const versions = await readdir(DEBIAN).catch(() => []);
  const newest = versions.toSorted((a, b) => Number(b) - Number(a)).map((version) => join(DEBIAN, version, "bin"));
  const found = newest.find((folder) => existsSync(join(folder, "initdb")));
  if (!found) throw new Error("PostgreSQL is missing: run `make install_servers`, or give TEST_POSTGRES_URL");
  return found;
}
