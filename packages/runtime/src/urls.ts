import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { CinelakeError } from "@cinelake/contracts";
import type { ConfigVariable } from "./config.ts";

/** Which adapters the platform runs on. */
export interface Urls {
  readonly log: string;
  readonly cache: string;
  readonly jobs: string;
  readonly metadata: string;
  readonly tracking: string;
  readonly lake: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const text = (name: string, fallback: string, description: string): ConfigVariable => ({
  name,
  type: "text",
  default: fallback,
  description,
});

/** The variables that resolveUrls reads, in the order of their say: a URL beats the usual names, which beat the data directory. */
export const URL_VARIABLES: readonly ConfigVariable[] = [
  text("LOG_URL", "file://DATA_DIR/log", "Event log: file:///folder, memory: or kafka://host:port,host:port."),
  text(
    "CACHE_URL",
    "memory:",
    "Serving cache: memory:, or redis://user:password@host:port/1 (rediss: for TLS). Parameters: prefix (cinelake:), max_bytes (67108864), timeout_ms of a " +
      "call (250), ca (a file of certificates to trust).",
  ),
  text("JOBS_URL", "memory:", "Job queue: memory: or redis://host:port/0."),
  text(
    "METADATA_URL",
    "sqlite:DATA_DIR/metadata.sqlite",
    "Metadata database: sqlite:/path or postgres://user:password@host:port/database. Parameters of the latter: sslmode (disable, require, verify-ca or " +
      "verify-full, as in libpq) with sslrootcert, sslcert and sslkey, application_name, pool_size (5), statement_timeout_ms (10000).",
  ),
  text("TRACKING_URL", "metadata:", "Experiment tracking: metadata: or the address of an MLflow server."),
  text(
    "LAKE_URL",
    "file://DATA_DIR/lakehouse",
    "Root of the lake: file:///folder, or s3://bucket/prefix?endpoint=http://host:port&region=name&path_style=true in an S3-compatible " +
      "store (endpoint and region also by AWS_ENDPOINT_URL and AWS_REGION, credentials by AWS_ACCESS_KEY_ID and the other usual ways, never in the URL).",
  ),
  text("KAFKA_BOOTSTRAP_SERVERS", "", "host:port,host:port; names the log where LOG_URL does not."),
  text("REDIS_HOST", "", "Names cache (database 1) and job queue (database 0) where their URLs do not."),
  text("REDIS_PORT", "6379", "With REDIS_HOST."),
  text("REDIS_PASSWORD", "", "With REDIS_HOST."),
  text("POSTGRES_HOST", "", "Names the metadata database where METADATA_URL does not."),
  text("POSTGRES_PORT", "5432", "With POSTGRES_HOST."),
  text("POSTGRES_USER", "airflow", "With POSTGRES_HOST."),
  text("POSTGRES_PASSWORD", "airflow", "With POSTGRES_HOST."),
  text("POSTGRES_DB", "airflow", "With POSTGRES_HOST."),
  text("MLFLOW_TRACKING_URI", "", "Names tracking where TRACKING_URL does not."),
  text("LAKEHOUSE_PATH", "", "Folder of the lake where LAKE_URL does not name it."),
];

/**
 * Addresses of everything outside the process. Folders of the log and the lake become absolute `file:` URLs. `dataDir` holds what no
 * variable places elsewhere. Fails with `config_invalid` for a port that is none. Empty variables count as absent.
 */
export function resolveUrls(env: Environment, dataDir: string): Urls {
  const value = (name: string) => env[name]?.trim() || undefined;
  const kafka = value("KAFKA_BOOTSTRAP_SERVERS");
  const lakehouse = value("LAKEHOUSE_PATH");
  return {
    log: folderUrl(value("LOG_URL") ?? (kafka ? `kafka://${kafka.replace(/\s/g, "")}` : join(dataDir, "log"))),
    cache: value("CACHE_URL") ?? redisUrl(value, 1) ?? "memory:",
    jobs: value("JOBS_URL") ?? redisUrl(value, 0) ?? "memory:",
    metadata: value("METADATA_URL") ?? postgresUrl(value) ?? `sqlite:${join(resolve(dataDir), "metadata.sqlite")}`,
    tracking: value("TRACKING_URL") ?? value("MLFLOW_TRACKING_URI") ?? "metadata:",
    lake: folderUrl(value("LAKE_URL") ?? lakehouse ?? join(dataDir, "lakehouse")),
  };
}

/** A URL fit for people: its password masked. */
export function maskUrl(url: string): string {
  return url.replace(/(:\/\/[^/?#@:]*):[^/?#]*@/, "$1:***@");
}

/** Text without a scheme is a folder; `C:\lake` is one too. */
function folderUrl(text: string): string {
  return /^[a-z][a-z0-9+.-]+:/i.test(text) ? text : pathToFileURL(resolve(text)).href;
}

function redisUrl(value: (name: string) => string | undefined, database: number): string | undefined {
  const host = value("REDIS_HOST");
  const password = value("REDIS_PASSWORD");
  if (!host) return undefined;
  return `redis://${password ? `:${encodeURIComponent(password)}@` : ""}${host}:${port("REDIS_PORT", value, 6379)}/${database}`;
}

function postgresUrl(value: (name: string) => string | undefined): string | undefined {
  const host = value("POSTGRES_HOST");
  if (!host) return undefined;
  const [user, password, database] = ["USER", "PASSWORD", "DB"].map((name) =>
    encodeURIComponent(value(`POSTGRES_${name}`) ?? "airflow"),
  );
  return `postgres://${user}:${password}@${host}:${port("POSTGRES_PORT", value, 5432)}/${database}`;
}

function port(name: string, value: (name: string) => string | undefined, fallback: number): number {
  const text = value(name);
  const number = text === undefined ? fallback : Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 65_535) return number;
  throw new CinelakeError("config_invalid", `${name} must be a port, 1 to 65535, not ${JSON.stringify(text)}`);
}
