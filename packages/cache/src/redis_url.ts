import { readFileSync } from "node:fs";
import { CinelakeError, parseServerUrl } from "@cinelake/contracts";
import { DEFAULT_MAX_BYTES } from "./cache.ts";

/** What a cache on Redis is made of. */
export interface RedisSettings {
  /** For messages: without a password. */
  readonly address: string;
  /** Begins all keys. */
  readonly prefix: string;
  readonly maxBytes: number;
  /** A call that takes longer is a loss, and the connection is made anew. */
  readonly callMs: number;
  /** How the client connects. */
  readonly connection: {
    readonly host: string;
    readonly port: number;
    readonly db: number;
    readonly username?: string;
    readonly password?: string;
    readonly tls?: { readonly ca?: string };
  };
}

/**
 * Reads `redis://user:password@host:port/database`, or `rediss://` for TLS. Parameters: `prefix` (default `cinelake:`), `max_bytes`,
 * `timeout_ms` of a call (default 250), and `ca`, a file of certificates to trust instead of the usual ones. Fails with `config_invalid`.
 */
export function redisSettings(url: string, maxBytes = DEFAULT_MAX_BYTES): RedisSettings {
  const server = parseServerUrl("CACHE_URL", url, {
    port: 6379,
    parameters: ["prefix", "max_bytes", "timeout_ms", "ca"],
  });
  const { scheme, host, port, user, password, path, parameters, address } = server;
  const { prefix = "cinelake:", max_bytes = String(maxBytes), timeout_ms = "250", ca } = parameters;
  if (!/^\d{0,9}$/.test(path)) throw invalid("must end in the number of a database, such as /1");
  if (!/^[1-9]\d{0,14}$/.test(max_bytes)) throw invalid("must give max_bytes as a number of bytes above 0");
  if (!/^[1-9]\d{0,4}$/.test(timeout_ms)) throw invalid("must give timeout_ms as a number of milliseconds, 1 to 99999");
  const tls = scheme === "rediss" ? { ...(ca && { ca: readCertificates(ca) }) } : undefined;
  return {
    address,
    prefix,
    maxBytes: Number(max_bytes),
    callMs: Number(timeout_ms),
    connection: {
      host,
      port,
      db: Number(path),
      ...(user && { username: user }),
      ...(password && { password }),
      ...(tls && { tls }),
    },
  };
}

function readCertificates(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw invalid(`names a file of certificates that cannot be read: ${String(error)}`);
  }
}

function invalid(reason: string): CinelakeError {
  return new CinelakeError("config_invalid", `CACHE_URL ${reason}.`);
}
