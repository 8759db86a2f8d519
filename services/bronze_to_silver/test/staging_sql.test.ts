import { openSqlEngine, type SqlEngine } from "@cinelake/delta";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { planEtl, type StagedTable } from "../src/plan.ts";
import { identifier, literal } from "../src/sql_text.ts";
import { deduplicatedSql, stagingSql } from "../src/staging_sql.ts";

let engine: SqlEngine;
beforeAll(async () => {
  engine = await openSqlEngine();
});
afterAll(() => engine[Symbol.asyncDispose]());

const { lineages } = planEtl({ ingestionId: "i", datasetName: "tiny" });
const TS = "964982703";

type Text = string | null;

/** Bronze rows as a relation; row_number counts from 1. */
function relation(columns: readonly string[], rows: readonly (readonly Text[])[]): string {
  const values = rows.map(
    (row, at) =>
      `(${row.map((value) => (value === null ? "NULL::VARCHAR" : literal(value))).join()}, ${at + 1}::BIGINT)`,
  );
  const names = [...columns, "row_number"].map(identifier).join();
  return values.length > 0
    ? `(SELECT * FROM (VALUES ${values.join()}) t(${names}))`
    : relation(columns, [columns.map(() => "")]) + " WHERE false";
}
const ratingRows = (...rows: Text[][]) => ({ source: relation(["user_id", "movie_id", "rating", "timestamp"], rows) });
const tagRows = (...rows: Text[][]) => ({ source: relation(["user_id", "movie_id", "tag", "timestamp"], rows) });
const filmRows = (films: Text[][], links: Text[][] = [["999", "1", "1"]]) => ({
  source: relation(["movie_id", "title", "genres"], films),
  joined: relation(["movie_id", "imdb_id", "tmdb_id"], links),
});

async function stage(table: StagedTable, from: { source: string; joined?: string }) {
  return engine.rows<Record<string, unknown>>(
    `SELECT * FROM (${stagingSql(lineages[table], from)}) ORDER BY row_number`,
  );
}

describe("rejected rows", () => {
  test.each<[Text[], string | null]>([
    [["1", "2", "4.5", TS], null],
    [[" 1 ", "2", " 4.5", TS], null],
    [["", "2", "4.5", TS], "completeness: user_id"],
    [[null, "2", "4.5", TS], "completeness: user_id"],
    [["x", "2", "4.5", TS], "validity: user_id"],
    [["0", "2", "4.5", TS], "validity: user_id"],
    [["-3", "2", "4.5", TS], "validity: user_id"],
    [["1", "1.6", "4.5", TS], "validity: movie_id"],
    [["1", "1e3", "4.5", TS], "validity: movie_id"],
    [["1", "9007199254740991", "4.5", TS], null],
    [["1", "9007199254740992", "4.5", TS], "validity: movie_id"],
    [["1", "99999999999999999999", "4.5", TS], "validity: movie_id"],
    [["1", "2", "0.5", TS], null],
    [["1", "2", "0.4", TS], "validity: rating"],
    [["1", "2", "5.5", TS], "validity: rating"],
    [["1", "2", "NaN", TS], "validity: rating"],
    [["1", "2", "four", TS], "validity: rating"],
    [["1", "2", " ", TS], "completeness: rating"],
    [["1", "2", "4", "yesterday"], "validity: event_ts"],
    [["1", "2", "4", "9223372036854775807"], "validity: event_ts"],
    [["1", "2", "4", "1600000000000"], "validity: event_ts"],
    [["1", "2", "4", "1"], "validity: event_ts"],
    [["", "2", "9", null], "completeness: user_id; validity: rating; completeness: event_ts"],
  ])("rating %j -> %s", async (row, reason) => {
    const [staged] = await stage("silver_ratings", ratingRows(row));
    expect(staged?.["staged_reason"]).toBe(reason);
    const [user_id, movie_id, rating, timestamp] = row;
    expect(JSON.parse(String(staged?.["staged_row"]))).toEqual(
      reason === null ? null : { user_id, movie_id, rating, timestamp },
    );
  });

  test.each<[Text, string | null]>([
    ["very 'good' ☂", null],
    ["  ", "completeness: tag"],
    ["x".repeat(1001), "validity: tag"],
  ])("tag %j -> %s", async (tag, reason) => {
    expect(await stage("silver_tags", tagRows(["1", "2", tag, TS]))).toMatchObject([{ staged_reason: reason }]);
  });
});

describe("films", () => {
  test.each<[string, string, number | null]>([
    ["Toy Story (1995)", "Toy Story", 1995],
    ["Death Note: Desu nôto (2006–2007)", "Death Note: Desu nôto", 2006],
    ["Fawlty Towers (1975-1979)", "Fawlty Towers", 1975],
    ["Still Running (1994-)", "Still Running", 1994],
    ["Babylon 5", "Babylon 5", null],
    ['"Great" Performances, Cats (1998) ', '"Great" Performances, Cats', 1998],
    ["(500) Days of Summer (2009)", "(500) Days of Summer", 2009],
    ["L'été (L'estate) (Лето) (1970)", "L'été (L'estate) (Лето)", 1970],
    ["2001: A Space Odyssey (1968)", "2001: A Space Odyssey", 1968],
  ])("%s", async (text, title, year) => {
    const [film] = await stage("silver_movies", filmRows([["1", text, "A|B"]]));
    expect(film).toMatchObject({ title, year, genres: ["A", "B"], is_placeholder: false, staged_reason: null });
  });

  test.each<[Text[], string]>([
    [["1", "", "A"], "completeness: title"],
    [["1", "(1995)", "A"], "validity: title"],
    [["1", "x".repeat(1001), "A"], "validity: title"],
    [["1", "Too Early (1500)", "A"], "validity: year"],
    [["one", "Film (1995)", "A"], "validity: movie_id"],
  ])("%j -> %s", async (row, reason) => {
    expect(await stage("silver_movies", filmRows([row]))).toMatchObject([{ staged_reason: reason }]);
  });

  test("genres are split and trimmed; none listed is an empty list", async () => {
    const rows = ["A| B |", "(no genres listed)", "", null].map((genres, at) => [
      String(at + 1),
      "Film (1999)",
      genres,
    ]);
    expect((await stage("silver_movies", filmRows(rows))).map((film) => film["genres"])).toEqual([
      ["A", "B"],
      [],
      [],
      [],
    ]);
  });

  test("links never multiply films; a link that cannot be read is dropped and counted, the film stays", async () => {
    const films = ["1", "2", "3"].map((id) => [id, "Film (1999)", "A"]);
    const links = [
      ["1", "0000001", "10"],
      ["1", "0000002", "20"],
      [" 1", "0114709", "862"],
      ["2", "", "abc"],
      ["2 ", "", "x"],
      ["", "7", "7"],
    ];
    const staged = await stage("silver_movies", filmRows(films, links));
    expect(staged).toMatchObject([
      { movie_id: 1, imdb_id: "0114709", tmdb_id: 862, staged_nulled: null },
      { movie_id: 2, imdb_id: null, tmdb_id: null, staged_nulled: "validity: tmdb_id", staged_reason: null },
      { movie_id: 3, imdb_id: null, tmdb_id: null, staged_nulled: null, staged_reason: null },
    ]);
  });
});

describe("good rows", () => {
  test("of duplicates the latest stays, of equally late ones the last in the file; rejected ones do not count", async () => {
    const from = ratingRows(
      ["1", "2", "3", "964982704"],
      ["1", "2", "4", TS],
      ["1", "3", "1", TS],
      ["1", "3", "2", TS],
      ["1", "2", "9", "964982709"],
    );
    const staged = `(${stagingSql(lineages.silver_ratings, from)})`;
    const rows = await engine.rows(
      `SELECT movie_id, rating FROM (${deduplicatedSql(lineages.silver_ratings.target, staged)}) ORDER BY movie_id`,
    );
    expect(rows).toEqual([
      { movie_id: 2, rating: 3 },
      { movie_id: 3, rating: 2 },
    ]);
  });

  test("event_date is the first of the month in UTC", async () => {
    const instant = (text: string): string => String(Date.parse(text) / 1000);
    const from = ratingRows(
      ["1", "1", "3", instant("2000-01-31T23:59:59Z")],
      ["1", "2", "3", instant("2000-02-01T00:00:00Z")],
    );
    expect((await stage("silver_ratings", from)).map((row) => row["event_date"])).toEqual(["2000-01-01", "2000-02-01"]);
  });
});
