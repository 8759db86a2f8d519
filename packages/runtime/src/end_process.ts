import type { Logger } from "./logger.ts";

/**
 * Lets the process end by itself with `code`, and ends it after `lingerMs` (default 5000) if something keeps it alive, naming that in
 * the log. The last call of a `main.ts`.
 */
export function endProcess(code: number, { logger, lingerMs = 5000 }: { logger: Logger; lingerMs?: number }): void {
  process.exitCode = code;
  const timer = setTimeout(() => {
    logger.warn({ open: [...new Set(process.getActiveResourcesInfo())] }, "the process was kept alive after its end");
    process.exit(code);
  }, lingerMs);
  timer.unref();
}
