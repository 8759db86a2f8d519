import { CinelakeError } from "@cinelake/contracts";
import { Redis } from "ioredis";
import type { Cache, CacheLoss } from "./cache.ts";
import type { CacheOptions } from "./open.ts";
import { DROP, PUT } from "./redis_scripts.ts";
import { redisSettings, type RedisSettings } from "./redis_url.ts";
import { timeToLiveMs } from "./time_to_live.ts";

/** A connection in the making is given up after so long. */
const CONNECT_MS = 1000;
/** Opening waits at least so long for the first connection, to tell refused credentials from a server that is away. */
const FIRST_CONNECTION_MS = 1000;
const RECONNECT_MS = { first: 50, most: 1000 };
/** Bytes on their way to the server; further calls are losses. A single call may be larger. */
const MAX_IN_FLIGHT_BYTES = 16 << 20;
/** What a call and an entry cost besides key and value, roughly; an entry's key is kept four times. */
const CALL_BYTES = 200;
const ENTRY_BYTES = 400;
/** Thirty years: the server's clock in ms plus this stays far from its limits. */
const LONGEST_MS = 1e12;
/** Answers that no waiting changes; others, such as LOADING, pass. */
const REFUSAL = /^(WRONGPASS|NOAUTH|NOPERM|ERR invalid password|ERR DB index|ERR invalid DB)/i;

/** Values on one Redis server (7 or newer), shared by all processes. Keeps the budget on the server, by its own books. */
export async function openRedisCache(url: string, options: CacheOptions): Promise<Cache> {
  const settings = redisSettings(url, options.maxBytes);
  const client = connect(settings);
  const cache = new RedisCache(client, settings, options.onLoss ?? (() => {}));
  const refusal = await firstAnswer(client, Math.max(settings.callMs, FIRST_CONNECTION_MS));
  if (refusal === undefined) return cache;
  await cache[Symbol.asyncDispose]();
  throw new CinelakeError(
    "config_invalid",
    `The Redis server ${settings.address} of CACHE_URL refuses the connection: ${refusal}. Correct user, password and database.`,
  );
}

function connect({ connection, callMs }: RedisSettings): Redis {
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

/** The reason if the server refuses; undefined once it is ready, or seems away. */
async function firstAnswer(client: Redis, waitMs: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const onError = (error: Error): void => resolve(isRefusal(error) ? error.message : undefined);
  const onReady = (): void => resolve(undefined);
  const late = setTimeout(onReady, waitMs);
  client.on("error", onError).on("ready", onReady);
  client.connect().catch(() => {});
  const refusal = await promise;
  clearTimeout(late);
  client.off("error", onError).off("ready", onReady);
  return refusal;
}

class RedisCache implements Cache {
  readonly url: string;
  readonly #client: Redis;
  readonly #prefix: string;
  readonly #maxBytes: number;
  readonly #callMs: number;
  readonly #onLoss: (loss: CacheLoss) => void;
  readonly #books: readonly string[];
  #inFlight = 0;
  #lastError = "not connected";
  /** The connection has let a call wait too long and is being closed. */
  #givenUp = false;

  constructor(client: Redis, { address, prefix, maxBytes, callMs }: RedisSettings, onLoss: (loss: CacheLoss) => void) {
    this.url = address;
    this.#client = client;
    this.#prefix = prefix;
    this.#maxBytes = maxBytes;
    this.#callMs = callMs;
    this.#onLoss = onLoss;
    this.#books = ["expiry", "written", "sizes", "total"].map((book) => `${prefix}books:${book}`);
    client.on("error", (error: Error) => void (this.#lastError = reasonOf(error)));
    client.on("close", () => void (this.#givenUp = false));
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return (await this.getMany([key]))[0];
  }

  async getMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    if (keys.length === 0) return [];
    const own = keys.map((key) => this.#own(key));
    const values = await this.#call("read", sum(own.map(byteLength)), () => this.#client.mgetBuffer(own));
    return keys.map((_, index) => bytesOf(values?.[index]));
  }

  async set(key: string, value: Uint8Array, options: { ttlSeconds: number }): Promise<void> {
    await this.setMany([[key, value]], options);
  }

  async setMany(
    entries: readonly (readonly [key: string, value: Uint8Array])[],
    { ttlSeconds }: { ttlSeconds: number },
  ): Promise<void> {
    const ttl = Math.min(Math.ceil(timeToLiveMs(ttlSeconds)), LONGEST_MS);
    if (entries.length === 0) return;
    const fresh = new Map(entries.map(([key, value]) => [this.#own(key), bufferOf(value)]));
    const costs = [...fresh].map(([key, value]) => ENTRY_BYTES + 4 * byteLength(key) + value.length);
    const needed = sum(costs);
    if (needed > this.#maxBytes) {
      this.#lose("write", "refused", `${needed} bytes do not fit into a budget of ${this.#maxBytes}`);
      return this.#drop([...fresh.keys()]);
    }
    const values = [...fresh.values()].flatMap((value, index) => [costs[index]!, value]);
    const answer = await this.#call("write", needed, () =>
      this.#run(PUT, [...fresh.keys()], [this.#maxBytes, ttl, ...values]),
    );
    if (answer !== undefined && answer !== "OK") this.#lose("write", "refused", String(answer));
  }

  async delete(key: string): Promise<void> {
    await this.#drop([this.#own(key)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.quit().catch(() => {});
    this.#client.disconnect();
  }

  #own(key: string): string {
    return `${this.#prefix}value:${key}`;
  }

  async #drop(keys: readonly string[]): Promise<void> {
    await this.#call("write", sum(keys.map(byteLength)), () => this.#run(DROP, keys, []));
  }

  #run(script: string, keys: readonly string[], values: readonly (number | Buffer)[]): Promise<unknown> {
    return this.#client.eval(script, this.#books.length + keys.length, ...this.#books, ...keys, ...values);
  }

  /** The answer, or undefined for a loss; within the time of a call either way. */
  async #call<T>(operation: CacheLoss["operation"], bytes: number, run: () => Promise<T>): Promise<T | undefined> {
    if (this.#client.status !== "ready" || this.#givenUp) return this.#lose(operation, "away", this.#lastError);
    if (this.#inFlight > 0 && this.#inFlight + bytes > MAX_IN_FLIGHT_BYTES) {
      return this.#lose(operation, "busy", `${this.#inFlight} bytes are on their way`);
    }
    this.#inFlight += CALL_BYTES + bytes;
    try {
      return await run();
    } catch (error) {
      const reason = reasonOf(error);
      if (error instanceof Error && error.name === "ReplyError") return this.#lose(operation, "refused", reason);
      if (reason !== "Command timed out") return this.#lose(operation, "away", reason);
      this.#giveUp(`no answer within ${this.#callMs} ms`);
      return this.#lose(operation, "slow", this.#lastError);
    } finally {
      this.#inFlight -= CALL_BYTES + bytes;
    }
  }

  /** What waits in a silent connection would keep its memory, and each further call would wait as long. */
  #giveUp(reason: string): void {
    this.#lastError = reason;
    if (this.#client.status !== "ready" || this.#givenUp) return;
    this.#givenUp = true;
    this.#client.disconnect(true);
  }

  #lose(operation: CacheLoss["operation"], reason: CacheLoss["reason"], detail: string): undefined {
    this.#onLoss({ operation, reason, detail });
  }
}

/** The client's errors carry the arguments of their command, so nothing but their message goes further. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || String((error as NodeJS.ErrnoException).code ?? error.name);
}

function isRefusal(error: Error): boolean {
  return error.name === "ReplyError" && REFUSAL.test(error.message);
}

function bytesOf(buffer: Buffer | null | undefined): Uint8Array | undefined {
  return buffer ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength) : undefined;
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
