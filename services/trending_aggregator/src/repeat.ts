import { setTimeout as delay } from "node:timers/promises";

/** Work that runs again and again, never twice at once. */
export interface Repeated {
  /** Shortens the current wait to `soonMs`. */
  soon(): void;
  /** Ends the repetition; resolves when a run under way has ended. */
  stop(): Promise<void>;
}

/**
 * Runs `work`, which handles its own failures, at once and then `intervalMs` after each end.
 */
export function repeat(
  timing: { readonly intervalMs: number; readonly soonMs?: number },
  work: () => Promise<void>,
): Repeated {
  const stopped = new AbortController();
  let hurry = false;
  let wake = new AbortController();

  async function wait(milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: wake.signal }).catch(() => undefined);
  }

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      await work();
      if (!hurry && !stopped.signal.aborted) await wait(timing.intervalMs);
      wake = new AbortController();
      if (hurry && !stopped.signal.aborted) await wait(timing.soonMs ?? 0);
      hurry = false;
    }
  }

  const running = run();
  return {
    soon() {
      if (hurry) return;
      hurry = true;
      wake.abort();
    },
    async stop() {
      stopped.abort();
      wake.abort();
      await running;
    },
  };
}
