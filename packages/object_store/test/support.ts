import { randomUUID } from "node:crypto";
import {
  startFaultyProxy,
  type FaultyProxy,
  type ProxiedRequest,
  type ProxyFault,
  type S3Server,
} from "@cinelake/testkit";
import type { ObjectStore } from "../src/index.ts";
import type { S3Limits } from "../src/s3_requests.ts";
import { openS3Store } from "../src/s3_store.ts";

/** A store behind a proxy; faults begin with the first request after it has been opened. */
export interface FaultyStore extends AsyncDisposable {
  readonly store: ObjectStore;
  readonly proxy: FaultyProxy;
  /** The same objects without the proxy. */
  readonly url: string;
  /** The methods of the requests since it has been opened. */
  requests(): string[];
}

/** Repeats soon, and does not give up on a busy machine. */
const PATIENT: Partial<S3Limits> = { idleMs: 10_000, retryMs: 30_000, maxPauseMs: 50, partBytes: 5 * 1024 * 1024 };

/** Gives up soon, for tests of what does not get better. */
export const IMPATIENT: Partial<S3Limits> = { idleMs: 400, retryMs: 1_000, openRetryMs: 300, maxPauseMs: 50 };

/** Opens a store of its own in the server. `faults` are for the first requests in turn, or decided by a function. */
export async function openFaultyStore(
  server: S3Server,
  faults: readonly (ProxyFault | undefined)[] | ((request: ProxiedRequest) => ProxyFault | undefined),
  limits: Partial<S3Limits> = {},
): Promise<FaultyStore> {
  await using opened = new AsyncDisposableStack();
  let begun = false;
  const left = typeof faults === "function" ? [] : [...faults];
  const plan = (request: ProxiedRequest): ProxyFault | undefined =>
    begun ? (typeof faults === "function" ? faults(request) : left.shift()) : undefined;
  const proxy = opened.use(await startFaultyProxy(server.endpoint, plan));
  const prefix = `faults/${randomUUID()}`;
  const store = opened.use(
    await openS3Store(server.url(prefix, proxy.endpoint), { limits: { ...PATIENT, ...limits } }),
  );
  begun = true;
  const before = proxy.requests.length;
  const resources = opened.move();
  return {
    store,
    proxy,
    url: server.url(prefix),
    requests: () => proxy.requests.slice(before).map(({ method }) => method),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
