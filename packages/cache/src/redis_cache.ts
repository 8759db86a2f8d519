import { CinelakeError } from "@cinelake/contracts";
import type { Redis } from "ioredis";
import type { Cache, CacheLoss } from "./cache.ts";
import type { CacheOptions } from "./open.ts";
import { createClient, firstAnswer, reasonOf } from "./redis_connection.ts";
import { DROP, PUT } from "./redis_scripts.ts";
import { redisSettings, type RedisSettings } from "./redis_url.ts";
import { timeToLiveMs } from "./time_to_live.ts";

/** Bytes on their way to the server; further calls are losses. A single call may be larger. */
const MAX_IN_FLIGHT_BYTES = 16 << 20;
/** What a call and an entry cost besides key and value, roughly; an entry's key is kept four times. */
const CALL_BYTES = 200;
const ENTRY_BYTES = 400;
/** Thirty years: the server's clock in ms plus this stays far from its limits. */
const LONGEST_MS = 1e12;

/** Values on one Redis server (7 or newer), shared by all processes. Keeps the budget on the server, by its own books. */
export async function openRedisCache(url: string, options: CacheOptions): Promise<Cache> {
  const settings = redisSettings(url, options.maxBytes);
  const client = createClient(settings);
  const cache = new RedisCache(client, settings, options.onLoss ?? (() => {}));
  const refusal = await firstAnswer(client, settings.callMs);
  if (refusal === undefined) return cache;
  await cache[Symbol.asyncDispose]();
  throw new CinelakeError(
    "config_invalid",
    `The Redis server ${settings.address} of CACHE_URL refuses the connection (${refusal}). Correct user, password and database.`,
  );
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
