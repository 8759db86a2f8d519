import { writeFile } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { openSqlEngine } from "@cinelake/delta";
import { temporaryDirectory } from "@cinelake/testkit";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bronzeSql, countSql } from "../src/bronze_sql.ts";
import { BRONZE_FILES, fileFacts } from "../src/file_facts.ts";
import { syntheticFiles } from "../src/synthetic.ts";
import { syntheticShape } from "../src/synthetic_shape.ts";
import { SMALL_FILES } from "./zip_bytes.ts";

const ingestion = {
  dataset: "it's",
  run: 1,
  ingestionId: "it's-00000000-1",
  ingestionTs: "2026-01-02T03:04:05.678Z",
  ingestionDate: "2026-01-02",
};
const stamp = {
  dataset_name: "it's",
  ingestion_id: "it's-00000000-1",
  ingestion_ts: "2026-01-02T03:04:05.678000Z",
  ingestion_date: "2026-01-02",
};
const specOf = (file: string) => BRONZE_FILES.find((entry) => entry.file === file)!.spec;

describe("bronzeSql", () => {
  test("there is a table for each of the four files", () => {
    expect(BRONZE_FILES.map(({ file }) => file)).toEqual(["ratings.csv", "movies.csv", "tags.csv", "links.csv"]);
  });

  test("gives every value as its text, empty ones as null, in the columns of the specification", async () => {
    await using dir = await temporaryDirectory();
    await using engine = await openSqlEngine({ threads: 2 });
    const rows = async (file: string, text: string) => {
      const path = join(dir.path, `o'${file}`);
      await writeFile(path, text);
      const { header } = await fileFacts(file, createReadStream(path));
      return engine.rows(bronzeSql(path, header!, specOf(file), ingestion));
    };
    expect(await rows("movies.csv", SMALL_FILES["movies.csv"]!)).toEqual([
      { movie_id: "1", title: "American President, The (1995)", genres: "Comedy|Drama", row_number: 1, ...stamp },
      { movie_id: "3", title: '"Great Performances" Cats (1998)', genres: "Musical", row_number: 2, ...stamp },
    ]);
    const odd = "\ufefftmdbId,extra,movieId,imdbId\r\n,x, 01 ,00042\r\n\r\nNULL,,#2,1e3";
    expect(await rows("links.csv", odd)).toEqual([
      { movie_id: " 01 ", imdb_id: "00042", tmdb_id: null, row_number: 1, ...stamp },
      { movie_id: "#2", imdb_id: "1e3", tmdb_id: "NULL", row_number: 2, ...stamp },
    ]);
    expect(await rows("tags.csv", "userId,movieId,tag,timestamp\n")).toEqual([]);
  });

  test("row_number is the position in the file, also when several threads read it", async () => {
    await using dir = await temporaryDirectory();
    await using engine = await openSqlEngine({ threads: 4 });
    const path = join(dir.path, "ratings.csv");
    const count = 700_000;
    const lines = Array.from({ length: count }, (_, i) => `${i + 1},7,3.5,964982703`);
    await writeFile(path, `userId,movieId,rating,timestamp\n${lines.join("\n")}\n`);
    const sql = bronzeSql(path, ["userId", "movieId", "rating", "timestamp"], specOf("ratings.csv"), ingestion);
    const [found] = await engine.rows(
      `SELECT count(*) AS rows, count(*) FILTER (WHERE user_id = CAST(row_number AS VARCHAR)) AS right_place FROM (${sql})`,
    );
    expect(found).toEqual({ rows: count, right_place: count });
  });

  test("what the scanner accepts, the parser reads exactly: no row vanishes, no value changes", async () => {
    await using dir = await temporaryDirectory();
    await using engine = await openSqlEngine({ threads: 1 });
    const path = join(dir.path, "any.csv");
    const piece = fc.constantFrom(
      "a",
      " ",
      ",",
      ",",
      '"',
      '""',
      ' "',
      "\n",
      "\n",
      "1,2\n",
      '"x, y",3\n',
      "é",
      "#",
      "\\",
      "'",
      "\t",
      ";",
    );
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 14 }), async (pieces) => {
        const text = `a,b\n${pieces.join("")}`;
        await writeFile(path, text);
        const facts = await fileFacts("any.csv", createReadStream(path)).catch(() => undefined);
        if (!facts) return;
        const rows = parseCsv(text).slice(1);
        expect(facts.rows).toBe(rows.length);
        expect(await engine.rows(countSql(path, facts.header!))).toEqual([{ rows: rows.length }]);
        const read = await engine.rows<{ a: string | null; b: string | null }>(
          bronzeSql(path, facts.header!, anySpec, ingestion),
        );
        expect(read.map(({ a, b }) => [a ?? "", b ?? ""])).toEqual(rows);
        compared++;
      }),
      { numRuns: 400 },
    );
    expect(compared).toBeGreaterThan(20);
  });

  test("generated files are read as they were meant", async () => {
    await using dir = await temporaryDirectory();
    await using engine = await openSqlEngine({ threads: 1 });
    const texts = new Map<string, string>();
    for (const { file, text } of syntheticFiles(syntheticShape({ users: 50, movies: 800, ratings: 3000 }))) {
      texts.set(file, (texts.get(file) ?? "") + text);
    }
    for (const [file, text] of texts) {
      const path = join(dir.path, file);
      await writeFile(path, text);
      const facts = await fileFacts(file, createReadStream(path));
      expect(await engine.rows(countSql(path, facts.header!))).toEqual([{ rows: facts.rows }]);
    }
  });
});

const anySpec = {
  ...specOf("tags.csv"),
  columns: [
    { name: "a", type: "string", nullable: true, description: "", source: "a" },
    { name: "b", type: "string", nullable: true, description: "", source: "b" },
  ],
} as const;

/** RFC 4180 read character by character, blank lines left out. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = "";
  let [quoted, begun] = [false, false];
  for (let i = 0; i <= text.length; i++) {
    const char = text[i] ?? "\n";
    if (quoted && char === '"' && text[i + 1] === '"') field += text[i++];
    else if (quoted) {
      if (char === '"') quoted = false;
      else field += char;
    } else if (char === '"' && field === "") quoted = begun = true;
    else if (char === ",") {
      row.push(field);
      [field, begun] = ["", true];
    } else if (char === "\n") {
      if (begun) rows.push([...row, field]);
      [row, field, begun] = [[], "", false];
    } else {
      field += char;
      begun = true;
    }
  }
  return rows;
}
