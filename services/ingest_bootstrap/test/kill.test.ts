import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openObjectStore } from "@cinelake/object_store";
import { temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { readManifest, validateDataset } from "../src/index.ts";
import { keys, openEngine } from "./lake.ts";

const program = fileURLToPath(new URL("run_bootstrap.ts", import.meta.url));

/** Runs the bootstrap in a process of its own: its exit code, null if it was killed. */
async function run(folder: string, killAt = "never"): Promise<number | null> {
  const child = spawn(process.execPath, [program, folder, killAt], { stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  return code;
}

test("a process that gets SIGKILL in any step: the next one finishes its run, nothing is left of it", async () => {
  await using dir = await temporaryDirectory();
  const steps = [
    "generate ends",
    "check ends",
    "bronze_movielens_ratings_raw begins",
    "bronze_movielens_movies_raw begins",
    "bronze_movielens_links_raw ends",
  ];
  for (const step of steps) expect(await run(dir.path, step), step).toBe(null);
  expect(await run(dir.path)).toBe(0);

  await using store = await openObjectStore(join(dir.path, "lakehouse"));
  await using engine = await openEngine();
  expect(await validateDataset({ store, engine }, "synthetic")).toEqual([]);
  const manifest = await readManifest(store, "synthetic");
  expect(manifest).toMatchObject({
    run: 1,
    tables: [{ rows: 2000, version: 1 }, { version: 1 }, { version: 1 }, { version: 1 }],
  });
  const commits = (await keys(store, "bronze/bronze_movielens_ratings_raw/")).filter((key) => key.endsWith(".json"));
  expect(commits).toHaveLength(2);
}, 120_000);
