import { CinelakeError } from "@cinelake/contracts";

/** Milliseconds of a time to live. Fails with `invalid_argument` unless it is finite and above 0. */
export function timeToLiveMs(ttlSeconds: number): number {
  if (ttlSeconds > 0 && ttlSeconds < Infinity) return ttlSeconds * 1000;
  throw new CinelakeError(
    "invalid_argument",
    `A cached value needs a time to live in seconds above 0, not ${ttlSeconds}`,
  );
}
