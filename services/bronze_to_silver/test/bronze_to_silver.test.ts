import { placeholderMovie, placeholderUser, type TableName } from "@cinelake/contracts";
import type { Row } from "@cinelake/delta";
import { openLakeTable } from "@cinelake/lake";
import { faulty } from "@cinelake/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bronzeToSilver, formatReport, type QualityReport } from "../src/index.ts";
import { ingest, INGESTED, openLake, readTable, versionsOf, type Files, type Lake } from "./lake.ts";

const SILVER = ["silver_movies", "silver_users", "silver_ratings", "silver_tags", "silver_rejects"] as const;
const WRITTEN: readonly TableName[] = [...SILVER, "gold_data_quality"];
const JULY = "964982703"; // 2000-07-30
const AUGUST = "965500000"; // 2000-08-05

const files: Files = {
  movies: [
    ["1", "Toy Story (1995)", "Animation|Comedy"],
    ["2", "Jumanji (1995)", "Adventure"],
    ["2", "Jumanji, again (1996)", "Adventure"],
  ],
  links: [
    ["1", "0114709", "862"],
    ["1", "0114709", "862"],
  ],
  ratings: [["1", "1", "4.0", JULY], ["1", "1", "5.0", AUGUST], ["2", "9", "3.0", JULY], ...goodRatings(20)],
  tags: [
    ["3", "8", "fun", JULY],
    ["3", "8", "fun", JULY],
    ["3", "1", 'd\'oh "ü"', AUGUST],
  ],
};

/** Ratings of users from 100 on that nothing is wrong with. */
function goodRatings(count: number): string[][] {
  return Array.from({ length: count }, (_, at) => [String(100 + at), "1", "3.5", JULY]);
}

let lake: Lake;
beforeEach(async () => {
  lake = await openLake();
  return () => lake[Symbol.asyncDispose]();
});

describe("bronzeToSilver", () => {
  test("types, deduplicates, joins and makes placeholders", async () => {
    const result = await bronzeToSilver(lake, await ingest(lake, "i1", files));
    expect(result).toMatchObject({ changed: true, report: { passed: true } });
    expect(await readTable(lake, "silver_movies")).toEqual([
      {
        movie_id: 1,
        title: "Toy Story",
        year: 1995,
        genres: ["Animation", "Comedy"],
        imdb_id: "0114709",
        tmdb_id: 862,
        is_placeholder: false,
      },
      {
        movie_id: 2,
        title: "Jumanji, again",
        year: 1996,
        genres: ["Adventure"],
        imdb_id: null,
        tmdb_id: null,
        is_placeholder: false,
      },
      placeholderMovie(8),
      placeholderMovie(9),
    ]);
    const ratings = await readTable(lake, "silver_ratings");
    expect(ratings).toHaveLength(22);
    expect(ratings[0]).toEqual({
      user_id: 1,
      movie_id: 1,
      rating: 5,
      event_ts: "2000-08-05T18:26:40.000000Z",
      event_date: "2000-08-01",
    });
    expect(await readTable(lake, "silver_tags")).toMatchObject([
      { tag: 'd\'oh "ü"', event_date: "2000-08-01" },
      { tag: "fun", event_date: "2000-07-01" },
    ]);
    const users = await readTable(lake, "silver_users");
    expect(users).toHaveLength(23);
    expect(users).toContainEqual({ user_id: 3, first_event_ts: "2000-07-30T18:45:03.000000Z", is_placeholder: false });
    const quality = (rule: string, table: string) =>
      result.report.rows.find((row) => row.rule === rule && row.table_name === table && row.column_name !== "user_id");
    expect(quality("uniqueness", "silver_ratings")).toMatchObject({ checked_rows: 23, failed_rows: 1 });
    expect(quality("uniqueness", "silver_tags")).toMatchObject({ failed_rows: 1 });
    expect(quality("consistency", "silver_ratings")).toMatchObject({
      failed_rows: 1,
      details: "1 placeholders in silver_movies",
    });
  });

  test("a second run makes no version of any table and gives the stored report", async () => {
    const input = await ingest(lake, "i1", files);
    const first = await bronzeToSilver(lake, input);
    const versions = await versionsOf(lake, WRITTEN);
    const second = await bronzeToSilver(lake, { ...input, now: input.now + 86_400_000 });
    expect(second).toMatchObject({ changed: false, tables: [] });
    expect(sortedLines(second.report)).toEqual(sortedLines(first.report));
    expect(await versionsOf(lake, WRITTEN)).toEqual(versions);
    expect(versions).toEqual(Object.fromEntries(WRITTEN.map((name) => [name, 1])));
  });

  test("rejected rows go to silver_rejects with reason and row; exactly 5 % pass", async () => {
    const input = await ingest(lake, "i1", { ...files, ratings: [...goodRatings(19), ["7", "x", "9", JULY]] });
    const { report } = await bronzeToSilver(lake, input);
    expect(report.passed).toBe(true);
    expect(await readTable(lake, "silver_rejects")).toEqual([
      {
        source_table: "bronze_movielens_ratings_raw",
        target_table: "silver_ratings",
        ingestion_id: "i1",
        row_number: 20,
        reason: "validity: movie_id; validity: rating",
        row_json: JSON.stringify({ user_id: "7", movie_id: "x", rating: "9", timestamp: JULY }),
        rejected_ts: "2026-01-02T12:01:00.000000Z",
        event_date: "2026-01-02",
      },
    ]);
  });

  test("more than 5 % failed in one table leaves every Silver table as it was, and stores the report once", async () => {
    await bronzeToSilver(lake, await ingest(lake, "i1", files));
    const before = await versionsOf(lake, SILVER);
    const input = await ingest(lake, "i2", { ...files, ratings: [...goodRatings(18), ["7", "", "3", JULY]] });
    const failure = await bronzeToSilver(lake, input).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: "quality_gate_failed",
      message: expect.stringContaining("silver_ratings: 1 of 19 rows failed (limit 5 %; completeness: movie_id (1))"),
    });
    const report = (failure as { details: { report: QualityReport } }).details.report;
    expect(formatReport(report)).toContain("FAILED");
    await expect(bronzeToSilver(lake, input)).rejects.toMatchObject({ code: "quality_gate_failed" });
    expect(await versionsOf(lake, SILVER)).toEqual(before);
    const stored = (await readTable(lake, "gold_data_quality")).filter((row) => row["run_id"] === report.runId);
    expect(stored).toHaveLength(report.rows.length);
  });

  test("a gate that fails at the first run makes no Silver table", async () => {
    await expect(
      bronzeToSilver(lake, await ingest(lake, "i1", { ...files, tags: [["1", "1", "", JULY]] })),
    ).rejects.toMatchObject({ code: "quality_gate_failed" });
    expect(Object.values(await versionsOf(lake, SILVER))).toEqual(SILVER.map(() => undefined));
  });

  test("the catalogue beats a placeholder, a placeholder never beats the catalogue, placeholders of the stream stay", async () => {
    await merge("silver_movies", [placeholderMovie(1), placeholderMovie(77)], "movie_id");
    await merge("silver_users", [placeholderUser(1), placeholderUser(77)], "user_id");
    await bronzeToSilver(lake, await ingest(lake, "i1", files));
    const films = await readTable(lake, "silver_movies");
    expect(films.map((film) => [film["movie_id"], film["is_placeholder"]])).toEqual([
      [1, false],
      [2, false],
      [77, true],
      [8, true],
      [9, true],
    ]);
    const users = await readTable(lake, "silver_users");
    expect(users).toContainEqual(expect.objectContaining({ user_id: 1, is_placeholder: false }));
    expect(users).toContainEqual(placeholderUser(77));
    await bronzeToSilver(lake, await ingest(lake, "i2", { ...files, movies: [["2", "Jumanji (1995)", "Adventure"]] }));
    expect(await readTable(lake, "silver_movies")).toContainEqual(
      expect.objectContaining({ movie_id: 1, title: "Toy Story", is_placeholder: false }),
    );
  });

  test("placeholders that the stream adds while the films are being written do not disturb", async () => {
    const input = await ingest(lake, "i1", files);
    let interfering = true;
    const putIfAbsent = async (key: string, bytes: Uint8Array): Promise<boolean> => {
      if (interfering && key.includes("silver_movies/_delta_log/00000000000000000001")) {
        interfering = false;
        await merge("silver_movies", [placeholderMovie(1), placeholderMovie(77)], "movie_id");
      }
      return lake.store.putIfAbsent(key, bytes);
    };
    const store = new Proxy(lake.store, {
      get(target, name) {
        if (name === "putIfAbsent") return putIfAbsent;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    await bronzeToSilver({ ...lake, store }, input);
    expect(interfering).toBe(false);
    const films = await readTable(lake, "silver_movies");
    expect(films).toContainEqual(expect.objectContaining({ movie_id: 1, title: "Toy Story", is_placeholder: false }));
    expect(films).toContainEqual(placeholderMovie(77));
  });

  test("a new ingestion replaces ratings and tags; films of the former catalogue and former rejects stay", async () => {
    await bronzeToSilver(
      lake,
      await ingest(lake, "i1", { ...files, ratings: [...goodRatings(19), ["7", "1", "9", JULY]] }),
    );
    const next: Files = {
      movies: [["5", "Heat (1995)", "Crime"]],
      ratings: [...goodRatings(19), ["7", "5", "", JULY]],
    };
    await bronzeToSilver(lake, await ingest(lake, "i2", next));
    expect(await readTable(lake, "silver_tags")).toEqual([]);
    expect(await readTable(lake, "silver_ratings")).toHaveLength(19);
    expect((await readTable(lake, "silver_movies")).map((film) => film["movie_id"])).toEqual([1, 2, 5, 8]);
    expect((await readTable(lake, "silver_rejects")).map((row) => [row["ingestion_id"], row["reason"]])).toEqual([
      ["i1", "validity: rating"],
      ["i2", "completeness: rating"],
    ]);
  });

  test("an ingestion that Bronze does not have is named in the error", async () => {
    const input = await ingest(lake, "i1", files);
    await expect(bronzeToSilver(lake, { ...input, ingestionId: "i9" })).rejects.toMatchObject({
      code: "dataset_missing",
    });
    const empty = await openLake();
    await expect(bronzeToSilver(empty, input)).rejects.toMatchObject({
      code: "dataset_missing",
      message: expect.stringContaining("make bootstrap_bronze"),
    });
    await empty[Symbol.asyncDispose]();
  });

  test("told of progress, a run counts its steps up to the last", async () => {
    const steps: string[] = [];
    await bronzeToSilver(lake, await ingest(lake, "i1", files), ({ step, done, total }) =>
      steps.push(`${done}/${total} ${step}`),
    );
    expect(steps.at(0)).toBe("0/9 check silver_movies");
    expect(steps.at(-1)).toBe("9/9 done");
  });
});

describe("killed and run again", () => {
  let clean: Row[][];
  beforeAll(async () => {
    await using untouched = await openLake();
    await bronzeToSilver(untouched, await ingest(untouched, "i1", files));
    clean = await rowsOf(untouched);
  });
  let uploads = 0;
  afterAll(() => expect(uploads).toBeGreaterThan(6));

  test("after each commit that was made or whose answer was lost: the next run finishes with the tables of an untouched run", async () => {
    for (let failing = 1; ; failing++) {
      await using fresh = await openLake();
      const input = await ingest(fresh, "i1", files);
      let commits = 0;
      const isCommit = (method: string, args: readonly unknown[]) =>
        method === "putIfAbsent" && /_delta_log\/\d+\.json$/.test(String(args[0]));
      const fault = () => (++commits === failing ? new Error("killed") : undefined);
      const late = failing % 2 === 0;
      const store = faulty(
        fresh.store,
        late
          ? { after: (m, a) => (isCommit(m, a) ? fault() : undefined) }
          : { before: (m, a) => (isCommit(m, a) ? fault() : undefined) },
      );
      const outcome = await bronzeToSilver({ ...fresh, store }, input).then(
        () => "done",
        () => "killed",
      );
      await bronzeToSilver(fresh, input);
      expect(await rowsOf(fresh)).toEqual(clean);
      uploads = Math.max(uploads, commits);
      if (outcome === "done" && commits < failing) break;
    }
  });
});

async function rowsOf(of: Lake): Promise<Row[][]> {
  return Promise.all(WRITTEN.map((name) => readTable(of, name)));
}

async function merge(name: TableName, rows: Row[], key: string): Promise<void> {
  const table = await openLakeTable(lake, name);
  await table.merge({ rows }, { key: [key] });
}

/** The report's rows without the order and the texts of time. */
function sortedLines(report: QualityReport): string[] {
  return report.rows
    .map((row) => JSON.stringify({ ...row, computed_ts: Date.parse(String(row.computed_ts)) === INGESTED + 60_000 }))
    .sort();
}
