import { setTimeout as sleep } from "node:timers/promises";
import type { Metrics } from "./metrics.ts";
import type { Service } from "./service.ts";

/**
 * What is wrong with services, in one line such as `api: the cache does not answer; trainer: ...`; undefined when all are well. One
 * that takes longer than `timeoutMs` (default 2000) or throws is not well. Never throws.
 */
export async function serviceHealth(services: readonly Service[], timeoutMs = 2000): Promise<string | undefined> {
  const problems = await Promise.all(services.map((service) => problemOf(service, timeoutMs)));
  return problems.filter((problem) => problem !== undefined).join("; ") || undefined;
}

/** From here on `cinelake_service_up` says of each service whether it is well, asked whenever the metrics are. */
export function reportServiceHealth(metrics: Metrics, services: readonly Service[]): void {
  const up = metrics.gauge("cinelake_service_up");
  metrics.beforeText(async () => {
    await Promise.all(
      services.map(async (service) =>
        up.set({ service: service.name }, (await problemOf(service, 2000)) === undefined ? 1 : 0),
      ),
    );
  });
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
