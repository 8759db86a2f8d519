import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { findError } from "@cinelake/contracts";
import { temporaryDirectory } from "@cinelake/testkit";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { folderFacts } from "../src/file_facts.ts";
import { syntheticFiles, writeSynthetic } from "../src/synthetic.ts";
import { syntheticActivity } from "../src/synthetic_activity.ts";
import { syntheticCatalogue } from "../src/synthetic_catalogue.ts";
import {
  maximumPerUser,
  ratingsPerUser,
  syntheticShape,
  syntheticUrl,
  type SyntheticShape,
} from "../src/synthetic_shape.ts";

const digest = (shape: SyntheticShape): string => {
  const hash = createHash("md5");
  for (const { file, text } of syntheticFiles(shape)) hash.update(`${file}\n${text}`);
  return hash.digest("hex");
};

const shapes = fc
  .record({
    seed: fc.integer(),
    users: fc.integer({ min: 1, max: 40 }),
    movies: fc.integer({ min: 100, max: 400 }),
    fill: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ fill, ...rest }) => {
    const [least, most] = [20 * rest.users, maximumPerUser(rest.movies) * rest.users];
    return syntheticShape({ ...rest, seed: rest.seed | 1, ratings: Math.round(least + fill * (most - least)) });
  });

describe("synthetic data", () => {
  test("equal shapes give equal files, another seed others", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        expect(digest(shape)).toBe(digest({ ...shape }));
        expect(digest({ ...shape, seed: shape.seed ^ 2 })).not.toBe(digest(shape));
      }),
      { numRuns: 10 },
    );
  });

  test("files do not change between versions, as their address says", () => {
    const shape = syntheticShape({ users: 30, movies: 300, ratings: 1500 });
    expect(syntheticUrl(shape)).toBe("synthetic:v1?seed=42&users=30&movies=300&ratings=1500");
    expect(digest(shape)).toBe("a72b1ea7db42d9dd762bf2eb23377fb4");
  });

  test("any shape: exactly the ratings asked for, 20 or more per user, no film twice, none before its year", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const catalogue = syntheticCatalogue(shape);
        let ratings = 0;
        let users = 0;
        for (const { userId, films, times, halves } of syntheticActivity(shape, catalogue)) {
          expect(userId).toBe(++users);
          ratings += films.length;
          expect(films.length).toBeGreaterThanOrEqual(20);
          expect(new Set(films).size).toBe(films.length);
          expect(films.every((film, i) => i === 0 || films[i - 1]! < film)).toBe(true);
          expect(films.every((film, i) => catalogue.years[film]! <= new Date(times[i]! * 1000).getUTCFullYear())).toBe(
            true,
          );
          expect(times.every((time) => time >= Date.UTC(1996) / 1000 && time <= Date.UTC(2019, 10, 21) / 1000)).toBe(
            true,
          );
          expect(halves.every((half) => half >= 1 && half <= 10 && Number.isInteger(half))).toBe(true);
        }
        expect({ users, ratings }).toEqual({ users: shape.users, ratings: shape.ratings });
      }),
      { numRuns: 25 },
    );
  });

  test("files have MovieLens' format and as many rows as asked for", async () => {
    await using dir = await temporaryDirectory();
    const shape = syntheticShape({ users: 100, movies: 500, ratings: 8000 });
    await writeSynthetic(dir.path, shape);
    const facts = await folderFacts(dir.path, ["ratings.csv", "movies.csv", "tags.csv", "links.csv"]);
    expect(facts.map(({ rows }) => rows)).toEqual([8000, 500, expect.any(Number), 500]);
    expect(await readFile(join(dir.path, "ratings.csv"), "utf8")).toMatch(
      /^userId,movieId,rating,timestamp\n(\d+,\d+,[0-5]\.[05],\d+\n)+$/,
    );
    const movies = await readFile(join(dir.path, "movies.csv"), "utf8");
    for (const shape of [/^\d+,"[^"]*, The \(\d{4}\)",/m, /""[A-Z]/, /[^\0-\x7f]/, /\|/, /\(no genres listed\)/])
      expect(movies).toMatch(shape);
    expect(await readFile(join(dir.path, "links.csv"), "utf8")).toMatch(/^\d+,00\d{5},\d+$/m);
  });

  test("the default has ml-latest-small's shape: long tails, half stars, bursts", () => {
    const shape = syntheticShape();
    expect(shape).toEqual({ seed: 42, users: 650, movies: 9909, ratings: 100_000 });
    const counts = ratingsPerUser(shape).toSorted();
    expect(counts[325]).toBeGreaterThan(50);
    expect(counts[325]).toBeLessThan(100);
    expect(counts[649]).toBeGreaterThan(1000);
    const perFilm = new Int32Array(shape.movies);
    const perHalf = new Int32Array(11);
    let evenings = 0;
    for (const { films, halves, times } of syntheticActivity(shape, syntheticCatalogue(shape))) {
      for (const film of films) perFilm[film] = perFilm[film]! + 1;
      for (const half of halves) perHalf[half] = perHalf[half]! + 1;
      evenings += new Set(times.map((time) => Math.floor(time / 86_400))).size;
    }
    const top = perFilm.toSorted().toReversed();
    expect(top[0]).toBeGreaterThan(250);
    expect(top[64]! / top[0]!).toBeGreaterThan(0.3);
    expect(top[4096]).toBeLessThan(8);
    expect(top.subarray(0, 991).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(55_000);
    expect(perHalf.indexOf(Math.max(...perHalf))).toBe(8);
    expect(evenings).toBeLessThan(100_000 / 10);
  });

  test("taste can be learned: neighbours predict held-out likes far better than popularity", () => {
    const { popular, neighbours } = heldOutHits(syntheticShape(), 100);
    expect(neighbours).toBeGreaterThan(1.4 * popular);
  });

  test("shapes that cannot be are refused with the reason", () => {
    for (const [options, reason] of [
      [{ scale: 0 }, "scale"],
      [{ scale: Number.NaN }, "scale"],
      [{ users: 1.5 }, "users"],
      [{ seed: 2 ** 40 }, "seed"],
      [{ movies: 5 }, "movies"],
      [{ users: 10, movies: 100, ratings: 100 }, "200 to 300"],
    ] as const) {
      try {
        syntheticShape(options);
        expect.unreachable();
      } catch (error) {
        expect(findError(error, "invalid_argument")?.message).toContain(reason);
      }
    }
  });
});

/** Hits in the first users' top ten on a fifth of their films, by popularity and by the 40 nearest users. */
function heldOutHits(shape: SyntheticShape, users: number): { popular: number; neighbours: number } {
  const train: Set<number>[] = [];
  const test: Set<number>[] = [];
  for (const { films, halves } of syntheticActivity(shape, syntheticCatalogue(shape))) {
    const held = films.filter((film, i) => halves[i]! >= 8 && (film * 7919 + i) % 5 === 0);
    test.push(new Set(held));
    train.push(new Set(films.filter((film) => !held.includes(film))));
  }
  const popularity = new Float64Array(shape.movies);
  for (const films of train) for (const film of films) popularity[film] = popularity[film]! + 1;
  const hits = (user: number, score: Float64Array): number =>
    [...score.keys()]
      .filter((film) => !train[user]!.has(film))
      .sort((a, b) => score[b]! - score[a]!)
      .slice(0, 10)
      .filter((film) => test[user]!.has(film)).length;
  let popular = 0;
  let neighbours = 0;
  for (let user = 0; user < users; user++) {
    const near = train
      .map((films, other) => ({
        other,
        like: other === user ? 0 : films.intersection(train[user]!).size / Math.sqrt(films.size),
      }))
      .sort((a, b) => b.like - a.like)
      .slice(0, 40);
    const score = new Float64Array(shape.movies);
    for (const { other, like } of near) for (const film of train[other]!) score[film] = score[film]! + like;
    popular += hits(user, popularity);
    neighbours += hits(user, score);
  }
  return { popular, neighbours };
}
