import { setTimeout as sleep } from "node:timers/promises";
import { exitCodeOf } from "./exit_code.ts";
import type { Logger } from "./logger.ts";
import type { Service } from "./service.ts";

export interface RunOptions {
  readonly logger: Logger;
  /** Signals that stop the service; default SIGINT and SIGTERM. */
  readonly signals?: readonly NodeJS.Signals[];
  /** How long `stop` may take, in milliseconds; default 30,000. */
  readonly stopTimeoutMs?: number;
  /** Stops the service like a signal. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a service until a signal, and gives the code the process is to end with: 0 after a stop that worked, else `exitCodeOf` the
 * error, which has been logged. A second signal ends the process at once with 130, an uncaught error or rejection with 1 after one
 * line in the log: what a crash leaves behind is always fit for the next start. Takes its listeners back when it returns.
 */
export async function runService(service: Service, options: RunOptions): Promise<number> {
  const { logger, signals = ["SIGINT", "SIGTERM"], stopTimeoutMs = 30_000, signal } = options;
  const told = Promise.withResolvers<string>();
  let stopping = false;
  const onSignal = (name: string) => {
    if (stopping) process.exit(130);
    stopping = true;
    told.resolve(name);
  };
  const onAbort = () => told.resolve("request");
  const onUncaught = (error: unknown) => {
    logger.fatal({ err: asError(error) }, "uncaught error");
    process.exit(1);
  };
  for (const name of signals) process.on(name, onSignal);
  process.on("uncaughtException", onUncaught);
  process.on("unhandledRejection", onUncaught);
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted) onAbort();
  const alive = setInterval(() => undefined, 2 ** 30);
  try {
    const starting = service.start();
    await Promise.race([starting, told.promise]);
    if (!stopping) logger.info(`${service.name} started`);
    const reason = await told.promise;
    logger.info({ reason }, `${service.name} stopping`);
    await withinTime(stop(service, starting), stopTimeoutMs, `${service.name} did not stop within ${stopTimeoutMs} ms`);
    logger.info(`${service.name} stopped`);
    return 0;
  } catch (error) {
    logger.fatal({ err: asError(error) }, `${service.name} failed`);
    return exitCodeOf(error);
  } finally {
    clearInterval(alive);
    for (const name of signals) process.off(name, onSignal);
    process.off("uncaughtException", onUncaught);
    process.off("unhandledRejection", onUncaught);
    signal?.removeEventListener("abort", onAbort);
  }
}

async function stop(service: Service, starting: Promise<void>): Promise<void> {
  const stopped = service.stop();
  await Promise.all([stopped, starting]);
}

async function withinTime(work: Promise<void>, timeoutMs: number, message: string): Promise<void> {
  const timer = new AbortController();
  const late = sleep(timeoutMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(message);
  });
  late.catch(() => undefined);
  try {
    await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
