import { setTimeout as sleep } from "node:timers/promises";
import { CinelakeError } from "@cinelake/contracts";
import { HttpStatusError, oneLine, UnreachedError } from "./http_get.ts";
import { isDiskFull } from "./disk.ts";

/** Tries in a row without a new byte before giving up, and the first pause in milliseconds (doubled each time, with jitter). */
export interface RetryPolicy {
  readonly tries: number;
  /** Tries while the server has never been reached: somebody without a network should not wait. */
  readonly unreachedTries: number;
  readonly pause: number;
}

export const DEFAULT_RETRIES: RetryPolicy = { tries: 6, unreachedTries: 2, pause: 500 };
const LONGEST_PAUSE = 15_000;

/**
 * Runs `attempt` until it succeeds. It is repeated after errors that may pass (connection, silence, status 408, 425, 429 and 5xx);
 * `position` says how far the work is, and growth resets the count of tries. Ends with `network_unavailable`, `download_failed`,
 * `aborted`, or the error itself if it is one of ours or a full disk.
 */
export async function withRetries<T>(
  what: string,
  policy: RetryPolicy,
  attempt: () => Promise<T>,
  position: () => number,
  signal?: AbortSignal,
): Promise<T> {
  let farthest = position();
  let reached = farthest > 0;
  for (let failures = 1; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      if (signal?.aborted) throw new CinelakeError("aborted", `The download of ${what} was stopped.`, { cause: error });
      if (error instanceof CinelakeError || isDiskFull(error)) throw error;
      reached ||= !(error instanceof UnreachedError);
      if (position() > farthest) {
        farthest = position();
        failures = 1;
      }
      const allowed = reached ? policy.tries : policy.unreachedTries;
      if (failures >= allowed || !isTransient(error)) throw explained(what, error, reached);
      const pause = Math.min(LONGEST_PAUSE, policy.pause * 2 ** (failures - 1)) * (0.5 + Math.random());
      await sleep(pause, undefined, signal ? { signal } : {}).catch(() => undefined);
    }
  }
}

function isTransient(error: unknown): boolean {
  if (!(error instanceof HttpStatusError)) return true;
  return error.status >= 500 || [408, 425, 429].includes(error.status);
}

function explained(what: string, error: unknown, reached: boolean): CinelakeError {
  if (!reached) {
    return new CinelakeError(
      "network_unavailable",
      `No network to download ${what} (${oneLine(error)}). Name a local archive with --source FILE, or use --dataset synthetic.`,
      { cause: error },
    );
  }
  return new CinelakeError(
    "download_failed",
    `The download of ${what} failed: ${oneLine(error)}. Run the bootstrap again to continue it, or name another --source.`,
    { cause: error },
  );
}
