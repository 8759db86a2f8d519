import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { seededRandom } from "@cinelake/testkit";
import { expect } from "vitest";
import { openEventLog } from "../src/index.ts";
import { readPartition, valueOf } from "./records.ts";

const child = fileURLToPath(new URL("./children/append_until_killed.ts", import.meta.url));

/** Kills a process that appends to the log so many times, and expects every acknowledged record once, in order and at its offset. */
export async function expectRecordsToSurviveKills(url: string, kills: number): Promise<void> {
  const random = seededRandom(3);
  const acknowledged = new Map<string, string>();
  for (let run = 0; run < kills; run++) {
    const writer = spawn(process.execPath, [child, url, String(run)], { stdio: ["ignore", "pipe", "inherit"] });
    const exited = once(writer, "exit");
    writer.stdout.once("data", () => setTimeout(() => writer.kill("SIGKILL"), random.int(60)));
    const output = await text(writer.stdout);
    await exited;
    for (const line of output.split("\n").slice(0, -1)) {
      const [partition, offset, value] = line.split(" ");
      acknowledged.set(`${partition}/${offset}`, value!);
    }
  }
  expect(acknowledged.size).toBeGreaterThan(50 * kills);

  await using log = await openEventLog(url);
  const stored = new Map<string, string>();
  const counts = new Map<string, number>();
  for (const partition of [0, 1]) {
    for (const [index, record] of (await readPartition(log, "t", partition)).entries()) {
      const value = valueOf(record).trimEnd();
      expect(record.offset).toBe(index);
      stored.set(`${partition}/${record.offset}`, value);
      const count = counts.get(record.key) ?? 0;
      expect(value, "a worker's records come once and in order").toBe(`${record.key}-${count}`);
      counts.set(record.key, count + 1);
    }
  }
  for (const [place, value] of acknowledged) expect(stored.get(place), place).toBe(value);
}
