import { expect, test } from "vitest";
import { counting, faulty, seededRandom } from "../src/index.ts";

const port = { add: async (a: number, b: number): Promise<number> => a + b };

test("a fault before the call keeps it from taking effect, one after it loses the answer", async () => {
  const seen = counting(port);
  const before = faulty(seen.port, { before: () => new Error("away") });
  await expect(before.add(1, 2)).rejects.toThrow("away");
  expect(seen.calls.get("add")).toBeUndefined();
  const after = faulty(seen.port, { after: () => new Error("lost") });
  await expect(after.add(1, 2)).rejects.toThrow("lost");
  expect(seen.calls.get("add")).toBe(1);
  expect(await faulty(seen.port, {}).add(1, 2)).toBe(3);
});

test("equal seeds give equal sequences, and uuids are of version 4", () => {
  const [a, b] = [seededRandom(7), seededRandom(7)];
  expect([a.next(), a.int(10), a.uuid()]).toEqual([b.next(), b.int(10), b.uuid()]);
  expect(a.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("a wrapped port with private state is disposed like the port itself", async () => {
  class Resource implements AsyncDisposable {
    #open = true;
    isOpen = async (): Promise<boolean> => this.#open;
    async [Symbol.asyncDispose](): Promise<void> {
      this.#open = false;
    }
  }
  const resource = new Resource();
  {
    await using wrapped = faulty(resource, {});
    expect(await wrapped.isOpen()).toBe(true);
  }
  expect(await resource.isOpen()).toBe(false);
});
