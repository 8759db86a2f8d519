import * as fc from "fast-check";
import { expect, test } from "vitest";
import { CinelakeError } from "@cinelake/contracts";
import { exitCodeOf, retry, retryDelay } from "@cinelake/runtime";

const fast = { delays: [1] };

test("calls until it works, and says before each wait what failed", async () => {
  const told: [string, number][] = [];
  const result = await retry(
    async (attempt) => {
      if (attempt < 3) throw new Error(`no ${attempt}`);
      return attempt;
    },
    { ...fast, attempts: 5, onRetry: (error, attempt) => told.push([(error as Error).message, attempt]) },
  );
  expect(result).toBe(3);
  expect(told).toEqual([
    ["no 1", 1],
    ["no 2", 2],
  ]);
});

test("throws the last error after as many calls as allowed", async () => {
  let calls = 0;
  await expect(retry(async () => Promise.reject(new Error(`no ${++calls}`)), { ...fast, attempts: 3 })).rejects.toThrow(
    "no 3",
  );
  expect(calls).toBe(3);
});

test("an error that may not pass, and a stop on request, are thrown at once", async () => {
  for (const error of [new CinelakeError("aborted", "x"), new DOMException("x", "AbortError")]) {
    let calls = 0;
    await expect(retry(async () => Promise.reject((calls++, error)), { ...fast, attempts: 3 })).rejects.toBe(error);
    expect(calls).toBe(1);
  }
  let calls = 0;
  const options = { ...fast, attempts: 3, retryable: () => false };
  await expect(retry(async () => Promise.reject((calls++, new Error("final"))), options)).rejects.toThrow("final");
  expect(calls).toBe(1);
});

test("a stop ends a long wait, and a stop before the start prevents the call", async () => {
  const controller = new AbortController();
  let calls = 0;
  const work = async () => {
    calls++;
    throw new Error("no");
  };
  const running = retry(work, {
    attempts: 2,
    delays: [60_000],
    signal: controller.signal,
    onRetry: () => controller.abort(),
  });
  await expect(running).rejects.toMatchObject({ code: "aborted" });
  await expect(retry(work, { attempts: 2, signal: controller.signal })).rejects.toMatchObject({ code: "aborted" });
  expect(calls).toBe(1);
});

test("a wait lies within the jitter below its delay, the last delay repeats", () => {
  const delays = fc.array(fc.integer({ min: 1, max: 1e6 }), { minLength: 1, maxLength: 5 });
  const unit = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(delays, fc.integer({ min: 1, max: 9 }), unit, unit, (delays, attempt, jitter, chance) => {
      const delay = delays[Math.min(attempt, delays.length) - 1] as number;
      const wait = retryDelay(attempt, { delays, jitter, random: () => chance });
      expect(wait).toBeLessThanOrEqual(delay);
      expect(wait).toBeGreaterThanOrEqual(delay * (1 - jitter) - 1e-9);
    }),
  );
});

test("exit codes tell mistakes of the caller, stops on request and the rest apart", () => {
  const wrapped = new Error("outer", { cause: new CinelakeError("config_invalid", "x") });
  expect(
    [undefined, wrapped, new CinelakeError("invalid_argument", "x"), new CinelakeError("aborted", "x")].map(exitCodeOf),
  ).toEqual([0, 2, 2, 130]);
  expect([new CinelakeError("disk_full", "x"), new Error("x"), "text", null].map(exitCodeOf)).toEqual([1, 1, 1, 1]);
});
