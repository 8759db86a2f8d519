import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { composeServices, serviceHealth, type Service } from "@cinelake/runtime";

/** Services a, b, c that write down what happens to them. */
function trio(overrides: Readonly<Record<string, Partial<Service>>> = {}): { services: Service[]; events: string[] } {
  const events: string[] = [];
  const services = ["a", "b", "c"].map((name): Service => ({
    name,
    start: async () => void events.push(`+${name}`),
    stop: async () => void events.push(`-${name}`),
    health: async () => undefined,
    ...overrides[name],
  }));
  return { services, events };
}
const failing = (message: string) => async () => {
  throw new Error(message);
};

test("starts in order, stops in reverse, each once however often it is asked", async () => {
  const { services, events } = trio();
  const all = composeServices("all", services);
  await Promise.all([all.start(), all.start()]);
  await Promise.all([all.stop(), all.stop()]);
  await all.stop();
  expect(events).toEqual(["+a", "+b", "+c", "-c", "-b", "-a"]);
});

test("a start that fails stops those that had started, and its own error is the one that is thrown", async () => {
  const { services, events } = trio({ c: { start: failing("port taken") }, b: { stop: failing("also bad") } });
  await expect(composeServices("all", services).start()).rejects.toThrow("port taken");
  expect(events).toEqual(["+a", "+b", "-a"]);
});

test("a stop during the start lets the step under way finish, starts no more, and stops what runs", async () => {
  const { services, events } = trio();
  const slow = { ...services[1]!, start: async () => void (await sleep(20), events.push("+b")) };
  const all = composeServices("all", [services[0]!, slow, services[2]!]);
  const starting = all.start();
  await sleep(5);
  await all.stop();
  await starting;
  expect(events).toEqual(["+a", "+b", "-b", "-a"]);
});

test("a stop without a start does nothing", async () => {
  const { services, events } = trio();
  await composeServices("all", services).stop();
  expect(events).toEqual([]);
});

test("all are stopped even if some fail to, and what failed is told", async () => {
  const one = trio({ b: { stop: failing("b stays") } });
  const all = composeServices("all", one.services);
  await all.start();
  await expect(all.stop()).rejects.toThrow("b stays");
  expect(one.events).toEqual(["+a", "+b", "+c", "-c", "-a"]);

  const two = trio({ a: { stop: failing("a stays") }, b: { stop: failing("b stays") } });
  const both = composeServices("both", two.services);
  await both.start();
  await expect(both.stop()).rejects.toMatchObject({ errors: [{ message: "b stays" }, { message: "a stays" }] });
});

test("health names those that are not well: by their word, by an error, by silence", async () => {
  const { services } = trio({
    a: { health: async () => "the cache does not answer" },
    b: { health: failing("broken") },
    c: { health: () => new Promise(() => undefined) },
  });
  expect(await serviceHealth(services, 20)).toBe(
    "a: the cache does not answer; b: broken; c: does not answer within 20 ms",
  );
  expect(await composeServices("all", trio().services).health()).toBeUndefined();
});
