import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TableName } from "@cinelake/contracts";
import { seededRandom, temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { cinelake } from "./support/platform.ts";
import { tableReader } from "./support/tables.ts";

const SMALL = ["--dataset", "synthetic", "--users", "60", "--movies", "200", "--ratings", "2400"];
const STEPS = [["bootstrap", ...SMALL], ["etl"], ["train"]];

const TABLES: readonly TableName[] = [
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
async function contents(directory: string, names: readonly TableName[] = TABLES): Promise<Record<string, string[]>> {
  const rowsOf = await tableReader(directory);
  const tables: Record<string, string[]> = {};
  for (const table of names) {
    const rows = (await rowsOf(table)).map((row) =>
      JSON.stringify(Object.fromEntries(Object.entries(row).filter(([column]) => !RUN_TIMES.includes(column)))),
    );
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
  for (let round = 0; round < 2; round++) {
    await using killed = await temporaryDirectory();
    for (const step of STEPS) {
      for (let kill = 0; kill < 2; kill++) await cinelake(killed.path, step, { killAfterMs: 150 + random.int(900) });
      expect((await cinelake(killed.path, step)).exitCode).toBe(0);
    }
    expect(await contents(killed.path)).toEqual(expected);
  }
}, 240_000);

test("more than 5 % failed rows fail the job, print the report and leave Silver as it was", async () => {
  await using files = await temporaryDirectory();
  await using directory = await temporaryDirectory();
  const write = (name: string, lines: readonly string[]): Promise<void> =>
    writeFile(join(files.path, name), `${lines.join("\n")}\n`);
  const ratings = Array.from({ length: 20 }, (_, user) => `${user + 1},1,4.0,1000000000`);
  await write("movies.csv", ["movieId,title,genres", "1,Toy Story (1995),Comedy"]);
  await write("tags.csv", ["userId,movieId,tag,timestamp"]);
  await write("links.csv", ["movieId,imdbId,tmdbId", "1,0114709,862"]);
  await write("ratings.csv", ["userId,movieId,rating,timestamp", ...ratings]);
  const load = ["bootstrap", "--dataset", "ml-latest-small", "--source", files.path];
  expect(await cinelake(directory.path, load)).toMatchObject({ exitCode: 0 });
  expect(await cinelake(directory.path, ["etl"])).toMatchObject({ exitCode: 0 });
  const before = await contents(directory.path, ["silver_ratings", "silver_movies", "silver_rejects"]);

  const broken = ratings.map((line, index) => (index < 2 ? line.replace("4.0", "9.5") : line));
  await write("ratings.csv", ["userId,movieId,rating,timestamp", ...broken]);
  expect(await cinelake(directory.path, load)).toMatchObject({ exitCode: 0 });
  const failed = await cinelake(directory.path, ["etl"]);
  expect(failed).toMatchObject({
    exitCode: 1,
    stdout: expect.stringMatching(/silver_ratings: 2 of 20 rows failed.*quality_gate_failed/),
  });
  expect(await contents(directory.path, ["silver_ratings", "silver_movies", "silver_rejects"])).toEqual(before);
});
