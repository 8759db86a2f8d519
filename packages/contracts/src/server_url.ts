import { CinelakeError } from "./errors.ts";

/** The parts of `scheme://user:password@host:port/path?parameter=value`, decoded. */
export interface ServerUrl {
  /** Lower case, without the colon. */
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** What follows the host, without its slash: at most one segment. */
  readonly path: string;
  readonly parameters: Readonly<Record<string, string | undefined>>;
  /** `scheme://host:port/path`: fit for messages, as it holds neither user nor password. */
  readonly address: string;
}

/**
 * Reads the address of a server that a variable gives. Fails with `config_invalid`, without repeating what may be a password, for what
 * is no such URL and for parameters other than `parameters`.
 */
export function parseServerUrl(
  variable: string,
  text: string,
  expected: { readonly port: number; readonly parameters: readonly string[] },
): ServerUrl {
  const invalid = (reason: string): CinelakeError => new CinelakeError("config_invalid", `${variable} ${reason}.`);
  const form =
    "must be scheme://user:password@host:port/name, with the reserved characters of each part percent-encoded";
  try {
    const url = new URL(text);
    const path = decodeURIComponent(url.pathname.slice(1));
    // A password with a bare slash ends the host too early, and its rest lands here.
    if (url.hostname === "" || url.hash !== "" || /[/@]/.test(path)) throw invalid(form);
    const parameters = Object.fromEntries(url.searchParams);
    const unknown = Object.keys(parameters).filter((name) => !expected.parameters.includes(name));
    if (unknown.length > 0) {
      throw invalid(`does not know ${unknown.join(", ")}: its parameters are ${expected.parameters.join(", ")}`);
    }
    const scheme = url.protocol.slice(0, -1).toLowerCase();
    const port = url.port === "" ? expected.port : Number(url.port);
    return {
      scheme,
      host: url.hostname.replace(/^\[|\]$/g, ""),
      port,
      user: decodeURIComponent(url.username) || undefined,
      password: decodeURIComponent(url.password) || undefined,
      path,
      parameters,
      address: `${scheme}://${url.hostname}:${port}/${path}`,
    };
  } catch (error) {
    // The cause of a malformed URL quotes it.
    throw error instanceof CinelakeError ? error : invalid(form);
  }
}
