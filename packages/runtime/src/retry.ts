import { setTimeout as sleep } from "node:timers/promises";
import { CinelakeError } from "@cinelake/contracts";

export interface RetryOptions {
  /** How often `fn` is called at most, from 1. */
  readonly attempts: number;
  /** Wait before the 2nd, 3rd, ... call, in milliseconds; the last one repeats. Default 100, 300, 1000, 3000. */
  readonly delays?: readonly number[];
  /** Part of a delay that chance decides, 0..1: the wait lies in [delay * (1 - jitter), delay]. Default 0.5. */
  readonly jitter?: number;
  /** Ends the waiting with `aborted`. */
  readonly signal?: AbortSignal;
  /** Whether an error may pass; the others are thrown at once. Default: all but `aborted`. */
  readonly retryable?: (error: unknown) => boolean;
  /** Told before each wait. */
  readonly onRetry?: (error: unknown, attempt: number, delayMs: number) => void;
  /** Uniform in [0, 1); default Math.random. */
  readonly random?: () => number;
}

const DELAYS = [100, 300, 1000, 3000];

/** Calls `fn` until it resolves; throws its last error after `attempts` calls. `attempt` counts from 1. */
export async function retry<T>(fn: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { attempts, signal, retryable = isNotAborted, onRetry } = options;
  for (let attempt = 1; ; attempt++) {
    if (signal?.aborted) throw aborted(signal);
    try {
      return await fn(attempt);
    } catch (error) {
      if (attempt >= attempts || !retryable(error)) throw error;
      const delay = retryDelay(attempt, options);
      onRetry?.(error, attempt, delay);
      await sleep(delay, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Milliseconds to wait after failed call number `attempt` (from 1). */
export function retryDelay(attempt: number, options: Pick<RetryOptions, "delays" | "jitter" | "random"> = {}): number {
  const { delays = DELAYS, jitter = 0.5, random = Math.random } = options;
  const delay = delays[Math.min(attempt, delays.length) - 1] ?? 0;
  return delay * (1 - jitter * random());
}

function isNotAborted(error: unknown): boolean {
  return (
    !(error instanceof CinelakeError && error.code === "aborted") &&
    !(error instanceof Error && error.name === "AbortError")
  );
}

function aborted(signal: AbortSignal): CinelakeError {
  return new CinelakeError("aborted", "Stopped on request", { cause: signal.reason });
}
