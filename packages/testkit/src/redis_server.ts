import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { makeCertificate } from "./certificate.ts";
import { freePort, startServerProcess, type ServerProcess } from "./server_process.ts";
import { temporaryDirectory } from "./temporary_directory.ts";

const PROGRAM = "redis-server";

/** A Redis server for tests. */
export interface RedisServer extends AsyncDisposable {
  /** Of a database (default 1), with a prefix of keys that no other test has. */
  url(database?: number): string;
}

/** One that the test may also stop. */
export interface OwnRedisServer extends RedisServer, ServerProcess {
  readonly port: number;
  /** File to trust, with `tls`. */
  readonly certificate: string | undefined;
}

/**
 * A server of this scope, or the one of TEST_REDIS_URL (`redis://user:password@host:port`). Fails where there is neither: server tests
 * do not skip.
 */
export async function startRedisServer(): Promise<RedisServer> {
  const given = process.env.TEST_REDIS_URL;
  if (!given) return startOwnRedisServer();
  return { url: (database) => urlOf(given, database), async [Symbol.asyncDispose]() {} };
}

/**
 * Debian's redis-server on a free port over a fresh folder, without persistence, gone with its scope. `settings` are those of redis.conf;
 * with `tls` its port speaks nothing else.
 */
export async function startOwnRedisServer(
  settings: Readonly<Record<string, string>> = {},
  options: { readonly tls?: boolean } = {},
): Promise<OwnRedisServer> {
  if (spawnSync(PROGRAM, ["--version"]).error) {
    throw new Error("redis-server is missing: run `make install_servers`, or give TEST_REDIS_URL");
  }
  await using opened = new AsyncDisposableStack();
  const directory = opened.use(await temporaryDirectory());
  const port = await freePort();
  const tls = options.tls ? await makeCertificate(directory.path) : undefined;
  const all = {
    bind: "127.0.0.1",
    ...(tls
      ? {
          port: "0",
          "tls-port": String(port),
          "tls-cert-file": tls.certificate,
          "tls-key-file": tls.key,
          "tls-auth-clients": "no",
        }
      : { port: String(port) }),
    dir: directory.path,
    save: "",
    ...settings,
  };
  const server = opened.use(
    await startServerProcess({
      name: PROGRAM,
      command: [PROGRAM, ...Object.entries(all).flatMap(([name, value]) => [`--${name}`, value])],
      answers: () => listens(port),
    }),
  );
  const resources = opened.move();
  const password = settings.requirepass === undefined ? "" : `:${encodeURIComponent(settings.requirepass)}@`;
  const origin = `${tls ? "rediss" : "redis"}://${password}127.0.0.1:${port}`;
  return {
    ...server,
    port,
    certificate: tls?.certificate,
    url: (database) => urlOf(origin, database),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function urlOf(origin: string, database = 1): string {
  const url = new URL(origin);
  url.pathname = `/${database}`;
  url.searchParams.set("prefix", `test-${randomUUID()}:`);
  return url.href;
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
