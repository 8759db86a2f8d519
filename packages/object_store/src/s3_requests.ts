import { setTimeout as sleep } from "node:timers/promises";
import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { failureOf } from "./s3_errors.ts";
import type { S3Location } from "./s3_location.ts";

/** How patient and how greedy a store is. Times in milliseconds. */
export interface S3Limits {
  readonly connectMs: number;
  /** A connection on which nothing has moved for so long is given up. */
  readonly idleMs: number;
  /** No attempt starts later than this after the first one, or after the last byte that came. */
  readonly retryMs: number;
  /** The same while a store is opened: a wrong address should be known soon. */
  readonly openRetryMs: number;
  /** Longest pause between attempts. */
  readonly maxPauseMs: number;
  /** Larger files go up in parts of this size at least. */
  readonly partBytes: number;
  readonly partsAtOnce: number;
  readonly pageKeys: number;
}

export const DEFAULT_LIMITS: S3Limits = {
  connectMs: 5_000,
  idleMs: 30_000,
  retryMs: 60_000,
  openRetryMs: 8_000,
  maxPauseMs: 5_000,
  partBytes: 16 * 1024 * 1024,
  partsAtOnce: 4,
  pageKeys: 1_000,
};

const FIRST_PAUSE_MS = 100;

/** Pauses between attempts: random within a bound that doubles each time, until the time is up. */
export class Patience {
  readonly #maxMs: number;
  readonly #maxPauseMs: number;
  readonly #signal: AbortSignal;
  #attempts = 0;
  #deadline = 0;

  constructor(maxMs: number, maxPauseMs: number, signal: AbortSignal) {
    this.#maxMs = maxMs;
    this.#maxPauseMs = maxPauseMs;
    this.#signal = signal;
    this.renew();
  }

  /** Something has worked: the time begins again. */
  renew(): void {
    this.#attempts = 0;
    this.#deadline = performance.now() + this.#maxMs;
  }

  /** Waits before the next attempt after `error`, or throws it: it is for good, or the time is up. */
  async wait(error: unknown): Promise<void> {
    const pause = Math.random() * Math.min(this.#maxPauseMs, FIRST_PAUSE_MS * 2 ** this.#attempts++);
    if (failureOf(error) !== "again" || performance.now() + pause > this.#deadline) throw error;
    await sleep(pause, undefined, { signal: this.#signal });
  }
}

/** A client of one service, with the retries that the client library leaves to us: it cannot repeat streams, nor tell a lost answer. */
export class S3Requests {
  readonly client: S3Client;
  readonly limits: S3Limits;
  readonly #closing = new AbortController();

  constructor(location: S3Location, limits: S3Limits) {
    this.limits = limits;
    this.client = new S3Client(clientConfig(location, limits));
  }

  /** Runs `attempt`, which makes requests through `client` with the signal, until it succeeds or fails for good. */
  async retried<T>(attempt: (signal: AbortSignal) => Promise<T>, maxMs = this.limits.retryMs): Promise<T> {
    const patience = this.patience(maxMs);
    for (;;) {
      try {
        return await attempt(this.#closing.signal);
      } catch (error) {
        await patience.wait(error);
      }
    }
  }

  patience(maxMs = this.limits.retryMs): Patience {
    return new Patience(maxMs, this.limits.maxPauseMs, this.#closing.signal);
  }

  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  /** Ends requests under way. */
  close(): void {
    this.#closing.abort();
    this.client.destroy();
  }
}

/** Checksums beyond the signature only where S3 asks for them: older services refuse the newer headers, and the signature covers the bytes. */
function clientConfig({ endpoint, region, pathStyle }: S3Location, limits: S3Limits): S3ClientConfig {
  return {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    forcePathStyle: pathStyle,
    maxAttempts: 1,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    expectContinueHeader: false,
    requestHandler: { connectionTimeout: limits.connectMs, socketTimeout: limits.idleMs, logger: SILENT },
  };
}

const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };
