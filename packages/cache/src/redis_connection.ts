import { Redis } from "ioredis";
import type { RedisSettings } from "./redis_url.ts";

/** A connection in the making is given up after so long. */
const CONNECT_MS = 1000;
const RECONNECT_MS = { first: 50, most: 1000 };
/** Answers that no waiting changes; others, such as LOADING, pass. */
const REFUSAL = /^(WRONGPASS|NOAUTH|NOPERM|ERR invalid password|ERR DB index|ERR invalid DB)/i;

/** A client that connects when it is told to, keeps at it, and keeps nothing for later. */
export function createClient({ connection, callMs }: RedisSettings): Redis {
  const client = new Redis({
    ...connection,
    connectionName: "cinelake_cache",
    lazyConnect: true,
    // Nothing waits for a connection: neither calls while there is none nor calls that one has lost.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: callMs,
    connectTimeout: CONNECT_MS,
    disconnectTimeout: 100,
    retryStrategy: (times) => Math.min(RECONNECT_MS.first * 2 ** (times - 1), RECONNECT_MS.most),
  });
  // The client would take a refused database for a warning and go on in database 0.
  client.on("error", (error: Error) => void (isRefusal(error) && client.disconnect(true)));
  return client;
}

/**
 * Connects. The reason if the server refuses credentials or database; undefined once it is ready, or if it is away: it does not listen, or
 * says nothing for a second or the time of a call.
 */
export async function firstAnswer(client: Redis, callMs: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const onError = (error: Error): void => resolve(isRefusal(error) ? error.message : undefined);
  const onReady = (): void => resolve(undefined);
  const late = setTimeout(onReady, Math.max(callMs, CONNECT_MS));
  client.on("error", onError).on("ready", onReady);
  client.connect().catch(() => {});
  const refusal = await promise;
  clearTimeout(late);
  client.off("error", onError).off("ready", onReady);
  return refusal;
}

/** The client's errors carry the arguments of their command, so nothing but their message goes further. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || String((error as NodeJS.ErrnoException).code ?? error.name);
}

function isRefusal(error: Error): boolean {
  return error.name === "ReplyError" && REFUSAL.test(error.message);
}
