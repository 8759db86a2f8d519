import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { seededRandom } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { openObjectStore } from "../src/index.ts";

const child = (name: string): string => fileURLToPath(new URL(`./children/${name}.ts`, import.meta.url));

/** Holds a store that processes share to its guarantees among them. `place` gives the URL of an empty one. */
export function processTests(name: string, place: () => Promise<{ url: string } & AsyncDisposable>): void {
  test(
    `${name}: a killed writer leaves whole objects, all it acknowledged, and nothing visible besides`,
    { timeout: 120_000 },
    async () => {
      await using at = await place();
      const random = seededRandom(1);
      for (let kill = 0; kill < 4; kill++) {
        const writer = spawn(process.execPath, [child("put_until_killed"), at.url], {
          stdio: ["ignore", "pipe", "inherit"],
        });
        const exited = once(writer, "exit");
        let acknowledged = -1;
        const lines = createInterface({ input: writer.stdout });
        lines.once("line", () => setTimeout(() => writer.kill("SIGKILL"), 20 + random.int(100)));
        for await (const line of lines) acknowledged = Number(line);
        await exited;
        expect(acknowledged).toBeGreaterThanOrEqual(0);

        await using store = await openObjectStore(at.url);
        const object = await store.get("table/object");
        expect(object.length).toBe(200_000);
        expect(object.every((byte) => byte === object[0])).toBe(true);
        for (let round = 0; round <= acknowledged; round++) {
          expect(Buffer.from(await store.get(`log/${writer.pid}/${round}`)).toString()).toBe(String(round));
        }
        for await (const { key } of store.list("")) expect(key).toMatch(/^(table\/object|log\/\d+\/\d+)$/);
      }
    },
  );

  test(`${name}: put_if_absent has one winner among processes, too`, { timeout: 120_000 }, async () => {
    await using at = await place();
    const racers = ["a", "b", "c"];
    const results = await Promise.all(
      racers.map((racer) => promisify(execFile)(process.execPath, [child("race_for_keys"), at.url, racer, "60"])),
    );
    const winner = new Map<number, string>();
    for (const [index, { stdout }] of results.entries()) {
      for (const key of JSON.parse(stdout) as number[]) {
        expect(winner.has(key), `log/${key} has two winners`).toBe(false);
        winner.set(key, racers[index]!);
      }
    }
    expect(winner.size).toBe(60);
    await using store = await openObjectStore(at.url);
    for (const [key, racer] of winner)
      expect(Buffer.from(await store.get(`log/${key}`)).toString()).toBe(racer.repeat(1000));
  });
}
