import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { seededRandom, temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { mixedStream, send } from "./events.ts";
import { expectEverythingOnce } from "./expectations.ts";
import { drain, openWorld, snapshotOf } from "./world.ts";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

test("a process killed at random moments loses and repeats nothing", { timeout: 120_000 }, async () => {
  await using directory = await temporaryDirectory();
  const random = seededRandom(11);
  const { records } = mixedStream(1_500, 12, Date.now(), ["view", "rating"]);
  {
    await using world = await openWorld(directory.path);
    await send(world.log, records);
  }
  for (let round = 0; round < 4; round++) await runAndKill(directory.path, random.int(500));
  await using world = await openWorld(directory.path);
  const { version } = await snapshotOf(world, "bronze_events_views_raw");
  expect(version).toBeGreaterThan(0);
  await drain(world);
  await expectEverythingOnce(world);
});

/** Runs the service with many small flushes, kills it `afterMs` after its start, and waits until it is gone. */
async function runAndKill(dataDir: string, afterMs: number): Promise<void> {
  const env = { PATH: process.env["PATH"], DATA_DIR: dataDir, FLUSH_ROWS: "40", LOG_LEVEL: "info" };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ["ignore", "ignore", "pipe"] });
  const exited = once(child, "exit");
  let logged = "";
  child.stderr.on("data", (text: Buffer) => void (logged += text.toString()));
  while (!logged.includes("started") && child.exitCode === null) await sleep(5);
  expect(child.exitCode, logged).toBeNull();
  await sleep(afterMs);
  child.kill("SIGKILL");
  await exited;
}
