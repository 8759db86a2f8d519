import { setTimeout as sleep } from "node:timers/promises";
import type { Service } from "./service.ts";

/**
 * What is wrong with services, in one line such as `api: the cache does not answer; trainer: ...`; undefined when all are well. One
 * that takes longer than `timeoutMs` (default 2000) or throws is not well. Never throws.
 */
export async function serviceHealth(services: readonly Service[], timeoutMs = 2000): Promise<string | undefined> {
  const problems = await Promise.all(services.map((service) => problemOf(service, timeoutMs)));
  return problems.filter((problem) => problem !== undefined).join("; ") || undefined;
}

async function problemOf(service: Service, timeoutMs: number): Promise<string | undefined> {
  const timer = new AbortController();
  const late = sleep(timeoutMs, `does not answer within ${timeoutMs} ms`, { signal: timer.signal, ref: false });
  late.catch(() => undefined);
  try {
    const problem = await Promise.race([service.health(), late]);
    return problem === undefined ? undefined : `${service.name}: ${problem}`;
  } catch (error) {
    return `${service.name}: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    timer.abort();
  }
}
