import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, startServerProcess } from "./server_process.ts";
import { temporaryDirectory } from "./temporary_directory.ts";

const BINARY = fileURLToPath(new URL("../../../.cache/bin/versitygw", import.meta.url));
const BUCKET = "cinelake-test";

/** A running S3 service with one bucket for tests. */
export interface S3Server extends AsyncDisposable {
  /** Origin of the service. */
  readonly endpoint: string;
  readonly bucket: string;
  /** What all of these tests' keys begin with: "run-.../", so that a service that is kept sees no key twice. */
  readonly root: string;
  /** Credentials as environment variables. */
  readonly environment: Readonly<Record<string, string>>;
  /** URL of a store below `prefix`; `endpoint` replaces the service's own, for a proxy before it. */
  url(prefix: string, endpoint?: string): string;
}

/**
 * Starts versitygw over a fresh folder on a free port, gone with its scope. With TEST_S3_URL (`s3://bucket?endpoint=...`, credentials in
 * the usual AWS variables) that service is taken instead. Fails where there is neither: server tests do not skip.
 */
export async function startS3Server(): Promise<S3Server> {
  const given = process.env.TEST_S3_URL;
  if (given) return givenServer(given);
  if (!existsSync(BINARY)) throw new Error(`${BINARY} is missing: run \`make test_servers\`, or give TEST_S3_URL`);
  await using opened = new AsyncDisposableStack();
  const directory = opened.use(await temporaryDirectory());
  await mkdir(join(directory.path, BUCKET));
  const environment = {
    AWS_ACCESS_KEY_ID: "cinelake",
    AWS_SECRET_ACCESS_KEY: "only-for-tests",
    AWS_REGION: "us-east-1",
  };
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  opened.use(
    await startServerProcess({
      name: "versitygw",
      command: [BINARY, "--port", `127.0.0.1:${port}`, "--quiet", "--keep-alive", "posix", directory.path],
      env: { ROOT_ACCESS_KEY: environment.AWS_ACCESS_KEY_ID, ROOT_SECRET_KEY: environment.AWS_SECRET_ACCESS_KEY },
      // Any answer will do: without a signature it is a refusal.
      answers: () =>
        fetch(endpoint).then(
          () => true,
          () => false,
        ),
    }),
  );
  const resources = opened.move();
  return server(endpoint, BUCKET, environment, () => resources.disposeAsync());
}

function givenServer(url: string): S3Server {
  const { hostname, searchParams } = new URL(url);
  const endpoint = searchParams.get("endpoint");
  if (!endpoint) throw new Error("TEST_S3_URL must be s3://bucket?endpoint=http://host:port");
  const names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION"];
  const set = names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []));
  return server(endpoint, hostname, Object.fromEntries(set) as Record<string, string>, async () => {});
}

function server(
  endpoint: string,
  bucket: string,
  environment: Readonly<Record<string, string>>,
  dispose: () => Promise<void>,
): S3Server {
  const root = `run-${randomUUID()}/`;
  return {
    endpoint,
    bucket,
    root,
    environment,
    url: (prefix, through = endpoint) => `s3://${bucket}/${root}${prefix}?endpoint=${through}`,
    [Symbol.asyncDispose]: dispose,
  };
}
