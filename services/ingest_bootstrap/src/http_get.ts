import * as http from "node:http";
import * as https from "node:https";
import { CinelakeError } from "@cinelake/contracts";

export interface GetOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeouts: Timeouts;
  readonly signal?: AbortSignal | undefined;
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are read. */
  readonly proxyEnvironment: NodeJS.ProcessEnv;
}

/** Milliseconds: until the answer's headers, and of silence while the body comes. */
export interface Timeouts {
  readonly answer: number;
  readonly silence: number;
}

const MAX_REDIRECTS = 5;
/** No answer came: no network, no such name, nobody listening, a proxy's or a certificate's refusal, silence. */
export class UnreachedError extends Error {
  override readonly name = "UnreachedError";
}

/** Server answered, but not with what was asked for; `status` tells whether asking again may help. */
export class HttpStatusError extends Error {
  override readonly name = "HttpStatusError";
  readonly status: number;
  constructor(url: string, status: number) {
    super(`${url} answered with status ${status}`);
    this.status = status;
  }
}

/**
 * GET that follows up to five redirects (never from https to http) and goes through the environment's proxy. Resolves with the headers;
 * the body is the caller's to read or destroy, and it fails after `timeouts.silence` without a byte. Any status is an answer; without
 * one it fails with UnreachedError.
 */
export async function httpGet(url: string, options: GetOptions): Promise<http.IncomingMessage> {
  let current = parseUrl(url);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const response = await request(current, options);
    const { statusCode = 0, headers } = response;
    if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined) return response;
    response.resume();
    const next = parseUrl(new URL(headers.location, current).href);
    if (current.protocol === "https:" && next.protocol !== "https:") {
      throw new CinelakeError(
        "download_failed",
        `${url} redirects to ${next.href}, which is not encrypted; it was not followed.`,
      );
    }
    current = next;
  }
  throw new CinelakeError("download_failed", `${url} redirects more than ${MAX_REDIRECTS} times.`);
}

function request(url: URL, options: GetOptions): Promise<http.IncomingMessage> {
  const module = url.protocol === "https:" ? https : http;
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const agent = new module.Agent({ proxyEnv: options.proxyEnvironment } as https.AgentOptions);
  const outgoing = module.request(url, {
    agent,
    headers: { "user-agent": "cinelake", "accept-encoding": "identity", ...options.headers },
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const deadline = setTimeout(() => {
    const seconds = options.timeouts.answer / 1000;
    outgoing.destroy(new Error(`no answer from ${url.host} within ${seconds} s`));
  }, options.timeouts.answer);
  outgoing.on("error", (error) => {
    clearTimeout(deadline);
    reject(new UnreachedError(oneLine(error), { cause: error }));
  });
  outgoing.on("response", (response) => {
    clearTimeout(deadline);
    response.setTimeout(options.timeouts.silence, () => {
      response.destroy(new Error(`${url.host} sent nothing for ${options.timeouts.silence / 1000} s`));
    });
    response.on("close", () => agent.destroy());
    resolve(response);
  });
  outgoing.end();
  return promise;
}

/** An error's message without line breaks; of several (one per address tried) the first. */
export function oneLine(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return oneLine(error.errors[0]);
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, " ").trim();
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url && (url.protocol === "http:" || url.protocol === "https:")) return url;
  throw new CinelakeError("invalid_argument", `${JSON.stringify(text)} is not an http or https address.`);
}
