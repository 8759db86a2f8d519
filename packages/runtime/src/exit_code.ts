import { findError } from "@cinelake/contracts";

/**
 * What a process ends with after `error`: 2 for a mistake in arguments or configuration, 130 when it was told to stop, 1 for all else,
 * 0 without an error.
 */
export function exitCodeOf(error: unknown): number {
  if (error === undefined) return 0;
  const code = findError(error)?.code;
  if (code === "config_invalid" || code === "invalid_argument") return 2;
  if (code === "aborted" || (error instanceof Error && error.name === "AbortError")) return 130;
  return 1;
}
