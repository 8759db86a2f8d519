import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { syntheticShape, writeSynthetic } from "@cinelake/ingest_bootstrap";
import { temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { cinelake } from "./support/platform.ts";

const JOBS = ["ingest_bootstrap", "bronze_to_silver", "als_trainer"];

/** Runs a service's main.ts to its end; gives its exit code and, where that is not 0, what it logged. */
async function runService(service: string, env: Readonly<Record<string, string>>): Promise<unknown> {
  const main = fileURLToPath(new URL(`../../${service}/src/main.ts`, import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const [exitCode] = (await once(child, "close")) as [number | null];
  return exitCode === 0 ? { service, exitCode } : { service, exitCode, log };
}

test("the batch services, each in a process of its own, make what the command line makes", async () => {
  await using directory = await temporaryDirectory();
  const source = join(directory.path, "files");
  await mkdir(source);
  await writeSynthetic(source, syntheticShape({ users: 40, movies: 150, ratings: 1500 }));
  const data = join(directory.path, "data");
  const env = { DATA_DIR: data, DATASET: "ml-latest-small", SOURCE: source, LOG_LEVEL: "error" };
  for (const service of JOBS) expect(await runService(service, env)).toEqual({ service, exitCode: 0 });

  for (const step of [["bootstrap", "--dataset", "ml-latest-small", "--source", source], ["etl"], ["train"]]) {
    const { stdout, stderr, exitCode } = await cinelake(data, step);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    if (step[0] === "bootstrap") expect(stdout).toContain("is in Bronze already");
    if (step[0] === "etl") expect(stdout).toContain("Silver is up to date");
    if (step[0] === "train") expect(stdout).toContain("serves already");
  }
}, 60_000);

test("a batch service that fails says why in its log and by its exit code", async () => {
  await using directory = await temporaryDirectory();
  const env = { DATA_DIR: directory.path, DATASET: "synthetic", LOG_LEVEL: "info" };
  expect(await runService("als_trainer", env)).toMatchObject({
    exitCode: 1,
    log: expect.stringContaining("dataset_missing"),
  });
  const wrong = { ...env, FORCE: "perhaps" };
  expect(await runService("ingest_bootstrap", wrong)).toMatchObject({
    exitCode: expect.any(Number),
    log: expect.stringContaining("FORCE must be true | false"),
  });
}, 60_000);
