import { seededRandom, temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { cinelake } from "./support/platform.ts";

const SMALL = ["--dataset", "synthetic", "--users", "60", "--movies", "200", "--ratings", "2400"];
const STEPS = [["bootstrap", ...SMALL], ["etl"], ["train"]];

const TABLES = [
  "bronze_movielens_ratings_raw",
  "bronze_movielens_movies_raw",
  "bronze_movielens_tags_raw",
  "bronze_movielens_links_raw",
  "silver_ratings",
  "silver_movies",
  "silver_tags",
  "silver_users",
  "silver_rejects",
  "gold_als_user_factors",
  "gold_als_item_factors",
  "gold_recommendations_als",
];

/** Columns that say when something ran, not what it made. */
const RUN_TIMES = ["ingestion_ts", "ingestion_date", "computed_ts", "computed_date", "rejected_ts"];

async function runPipeline(directory: string): Promise<void> {
  for (const step of STEPS) expect(await cinelake(directory, step)).toMatchObject({ exitCode: 0, stderr: "" });
}

/** Every table's rows, times of running left out, in one order. */
async function contents(directory: string): Promise<Record<string, string[]>> {
  const tables: Record<string, string[]> = {};
  for (const table of TABLES) {
    const { stdout } = await cinelake(directory, ["table", "read", table]);
    const rows = stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => {
        const row = JSON.parse(line) as Record<string, unknown>;
        for (const column of RUN_TIMES) delete row[column];
        return JSON.stringify(row);
      });
    tables[table] = rows.sort();
  }
  return tables;
}

async function versions(directory: string): Promise<unknown> {
  return (JSON.parse((await cinelake(directory, ["status", "--json"])).stdout) as { tables: unknown }).tables;
}

test("running the pipeline twice makes no new table version; killing it at any step and running it again gives the same tables", async () => {
  await using clean = await temporaryDirectory();
  await runPipeline(clean.path);
  const expected = await contents(clean.path);
  expect(expected.silver_ratings).toHaveLength(2400);
  const before = await versions(clean.path);
  await runPipeline(clean.path);
  expect(await versions(clean.path)).toEqual(before);

  const random = seededRandom(7);
  for (let round = 0; round < 3; round++) {
    await using killed = await temporaryDirectory();
    for (const step of STEPS) {
      for (let kill = 0; kill < 3; kill++) await cinelake(killed.path, step, { killAfterMs: 150 + random.int(900) });
      expect((await cinelake(killed.path, step)).exitCode).toBe(0);
    }
    expect(await contents(killed.path)).toEqual(expected);
  }
}, 240_000);
