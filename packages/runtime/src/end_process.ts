import { exitCodeOf } from "./exit_code.ts";
import type { Logger } from "./logger.ts";

/**
 * From here on an error that nobody catches is one line in the log and ends the process with `exitCodeOf` it. The first call of a
 * `main.ts`, for settings that are wrong and ports that cannot be opened.
 */
export function endOnUncaught({ logger }: { logger: Logger }): void {
  process.on("uncaughtException", (error) => {
    logger.fatal({ err: error }, "uncaught error");
    process.exit(exitCodeOf(error));
  });
}

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
