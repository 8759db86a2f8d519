import { serviceHealth } from "./health.ts";
import type { Service } from "./service.ts";

/**
 * Several services as one. `start` starts them in order; if one fails, those started are stopped and its error is thrown. `stop` waits
 * for a start under way, then stops in reverse order, all of them even if some fail, and throws what failed. `health` names the parts
 * that are not well.
 */
export function composeServices(name: string, services: readonly Service[]): Service {
  const started: Service[] = [];
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;

  async function startAll(): Promise<void> {
    for (const service of services) {
      if (stopping) return;
      try {
        await service.start();
      } catch (error) {
        await stopStarted().catch(() => undefined);
        throw error;
      }
      started.push(service);
    }
  }

  async function stopStarted(): Promise<void> {
    const errors: unknown[] = [];
    for (let service = started.pop(); service; service = started.pop()) {
      await service.stop().catch((error: unknown) => errors.push(error));
    }
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, `${name}: ${errors.length} services failed to stop`);
  }

  return {
    name,
    start: () => (starting ??= startAll()),
    stop: () => (stopping ??= (starting ?? Promise.resolve()).catch(() => undefined).then(stopStarted)),
    health: () => serviceHealth(services),
  };
}
