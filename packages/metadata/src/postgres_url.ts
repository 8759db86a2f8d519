import { readFileSync } from "node:fs";
import { CinelakeError, parseServerUrl } from "@cinelake/contracts";
import { types, type PoolConfig } from "pg";

/** PostgreSQL's number of the type `bigint`. */
const INT8 = 20;
const PARAMETERS = [
  "sslmode",
  "sslrootcert",
  "sslcert",
  "sslkey",
  "application_name",
  "pool_size",
  "statement_timeout_ms",
];
const CONNECT_MS = 5_000;
/** The server is asked to give a statement up first; a server that does not even answer to that is given up so much later. */
const GRACE_MS = 2_000;

/** How to reach a database. */
export interface PostgresSettings {
  /** For messages: without user and password. */
  readonly address: string;
  readonly pool: PoolConfig & { readonly statement_timeout: number };
}

/**
 * Reads `postgres://user:password@host:port/database`. Parameters: `sslmode` (`disable`, the default, `require`, `verify-ca`,
 * `verify-full`, as in libpq) with `sslrootcert`, `sslcert`, `sslkey`, which name files, `application_name`, `pool_size` (default 5) and
 * `statement_timeout_ms` (default 10000). Fails with `config_invalid`.
 */
export function postgresSettings(url: string): PostgresSettings {
  const server = parseServerUrl("METADATA_URL", url, { port: 5432, parameters: PARAMETERS });
  const { host, port, user, password, path: database, parameters, address } = server;
  if (database === "") throw invalid("must end in the name of a database, such as /cinelake");
  const statement_timeout = numberOf(parameters, "statement_timeout_ms", 10_000);
  return {
    address,
    pool: {
      host,
      port,
      database,
      user,
      password,
      ssl: tlsOf(parameters),
      application_name: parameters.application_name ?? "cinelake",
      max: numberOf(parameters, "pool_size", 5),
      connectionTimeoutMillis: CONNECT_MS,
      idleTimeoutMillis: 30_000,
      keepAlive: true,
      statement_timeout,
      query_timeout: statement_timeout + GRACE_MS,
      idle_in_transaction_session_timeout: 30_000,
      types: {
        getTypeParser: ((oid: number, format?: "text" | "binary") =>
          oid === INT8 ? Number : types.getTypeParser(oid, format)) as typeof types.getTypeParser,
      },
    },
  };
}

/** The same for one connection whose statements may take `milliseconds` each. */
export function patient({ address, pool }: PostgresSettings, milliseconds: number): PostgresSettings {
  return {
    address,
    pool: { ...pool, max: 1, statement_timeout: milliseconds, query_timeout: milliseconds + GRACE_MS },
  };
}

type Parameters = Readonly<Record<string, string | undefined>>;

/** libpq's meaning: `require` encrypts without looking at the certificate, unless it is told whom to trust. */
function tlsOf(parameters: Parameters): PoolConfig["ssl"] {
  const { sslmode = "disable", sslrootcert, sslcert, sslkey } = parameters;
  if (sslmode === "disable") return false;
  if (!["require", "verify-ca", "verify-full"].includes(sslmode)) {
    throw invalid(`has the sslmode ${sslmode}: give disable, require, verify-ca or verify-full`);
  }
  return {
    rejectUnauthorized: sslmode !== "require" || sslrootcert !== undefined,
    ...(sslmode !== "verify-full" && { checkServerIdentity: () => undefined }),
    ...(sslrootcert && { ca: contentOf(sslrootcert) }),
    ...(sslcert && { cert: contentOf(sslcert) }),
    ...(sslkey && { key: contentOf(sslkey) }),
  };
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw invalid(`names a file that cannot be read: ${String(error)}`);
  }
}

function numberOf(parameters: Parameters, name: string, fallback: number): number {
  const text = parameters[name] ?? String(fallback);
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw invalid(`must give ${name} as a whole number above 0`);
}

function invalid(reason: string): CinelakeError {
  return new CinelakeError("config_invalid", `METADATA_URL ${reason}.`);
}
