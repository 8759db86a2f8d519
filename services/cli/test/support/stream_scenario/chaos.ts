import { setTimeout as sleep } from "node:timers/promises";
import type { SeededRandom } from "@cinelake/testkit";
import { STEPS } from "./kill_at_step.ts";
import type { Ending, Supervised } from "./supervised.ts";

/** A piece of trouble; resolves when it is over. */
export type Trouble = () => Promise<void>;

const PAUSE_MS = 1_500;

/** A kill at each named step, `times` over, of one of the processes by chance, at the `latest` when it comes there for that time. */
export function killsAtSteps(
  victims: readonly Supervised[],
  random: SeededRandom,
  { times, latest }: { readonly times: number; readonly latest: number },
): Trouble[] {
  return STEPS.flatMap((step) =>
    Array.from({ length: times }, () => () => random.pick(victims).killAtStep(step, 1 + random.int(latest))),
  );
}

/** Ends of one of the processes by chance, at moments by chance. */
export function ends(victims: readonly Supervised[], random: SeededRandom, signal: Ending, times: number): Trouble[] {
  return Array.from({ length: times }, () => async () => {
    await sleep(random.int(1_000));
    await random.pick(victims).end(signal);
  });
}

/** Makes each trouble, in an order by chance, with pauses by chance. Stops at the first that fails. */
export async function makeTrouble(
  troubles: readonly Trouble[],
  random: SeededRandom,
  over: AbortSignal,
): Promise<void> {
  const left = [...troubles];
  while (left.length > 0 && !over.aborted) {
    const [trouble] = left.splice(random.int(left.length), 1);
    await trouble!();
    await sleep(random.int(PAUSE_MS), undefined, { signal: over }).catch(() => undefined);
  }
}

/** How long the last events would last at first; the fewer are left, the slower they go. */
const LAST_SECONDS = 20;

/**
 * Lets nine tenths of `total` items through in `seconds`. Of the last tenth it lets only some trickle through until the trouble is over,
 * ever fewer, so that trouble always comes to a consumer with work to do.
 */
export function pacer(seconds: number, total: number, trouble: Promise<unknown>): (items: number) => Promise<void> {
  const over = new AbortController();
  const end = (): void => over.abort();
  trouble.then(end, end);
  let passed = 0;
  let free = performance.now();
  return async (items) => {
    const left = total - passed;
    passed += items;
    const rate = left > total / 10 ? (0.9 * total) / seconds : left / LAST_SECONDS;
    free = Math.max(free, performance.now()) + (1000 * items) / rate;
    await sleep(free - performance.now(), undefined, { signal: over.signal }).catch(() => undefined);
  };
}
