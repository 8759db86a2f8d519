import { defaultAlsOptions, type CsrMatrix } from "@cinelake/als";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dotFilm } from "../src/film_space.ts";
import {
  DEFAULT_HYBRID_OPTIONS,
  filmIndex,
  filmSimilarity,
  filmSpaceOf,
  hybridCandidates,
  neighboursOf,
  rankHybrid,
  scoreFilm,
  tasteOf,
  trendingShares,
  type FilmSpace,
  type Interaction,
  type RankedFilm,
} from "../src/index.ts";

const NOW = Date.UTC(2026, 0, 31);
const DAY = 86_400_000;
const LONG_AGO = NOW - 3000 * DAY;
const FACTORS = 16;
const FILMS = 400;
const GROUPS = 8;

/** Films in groups of one taste each: a group's direction plus noise, and some length. */
function space(seed: number): FilmSpace {
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
  const itemFactors = new Float32Array(FILMS * FACTORS);
  for (let film = 0; film < FILMS; film++) {
    const length = 0.4 + random();
    for (let f = 0; f < FACTORS; f++) {
      const group = f % GROUPS === film % GROUPS ? 1 : 0;
      itemFactors[film * FACTORS + f] = length * (group + 0.5 * (random() - 0.5));
    }
  }
  const indices = Int32Array.from({ length: FILMS }, (_, film) => film);
  const ratings: CsrMatrix = {
    rows: 1,
    columns: FILMS,
    indptr: Int32Array.of(0, FILMS),
    indices,
    values: new Float32Array(FILMS).fill(5),
  };
  const movieIds = Float64Array.from({ length: FILMS }, (_, film) => 10 * film + 7);
  return filmSpaceOf({ options: { ...defaultAlsOptions, factors: FACTORS }, movieIds, itemFactors, ratings });
}

const rated = (movieId: number, stars: number, ts: number): Interaction => ({ kind: "rating", movieId, stars, ts });
const id = (film: number): number => 10 * film + 7;

interface Setting {
  readonly films: FilmSpace;
  readonly history: Interaction[];
  readonly trending: ReadonlyMap<number, number>;
}

const film = fc.integer({ min: 0, max: FILMS - 1 });
const settings: fc.Arbitrary<Setting> = fc
  .record({
    seed: fc.integer({ min: 1, max: 1000 }),
    history: fc.uniqueArray(fc.tuple(film, fc.integer({ min: 1, max: 10 })), {
      minLength: 1,
      maxLength: 60,
      selector: ([each]) => each,
    }),
    trending: fc.uniqueArray(film, { maxLength: 20 }),
  })
  .map(({ seed, history, trending }) => ({
    films: space(seed),
    history: history.map(([each, halves], at) => rated(id(each), halves / 2, LONG_AGO + at)),
    trending: trendingShares(
      trending.map((each, at) => ({
        movie_id: id(each),
        score: 100 / (1 + at),
        recent: 1,
        baseline: 0,
        users: 5,
        source: "live" as const,
      })),
    ),
  }));

function recommend(
  { films, history, trending }: Setting,
  more: readonly Interaction[] = [],
  { k = 10, allowed = () => true }: { k?: number; allowed?: (movieId: number) => boolean } = {},
): RankedFilm[] {
  const options = DEFAULT_HYBRID_OPTIONS;
  const taste = tasteOf(films, [...history, ...more], NOW, options);
  const neighbours = (index: number) => neighboursOf(films, index, 50);
  const candidates = hybridCandidates({ space: films, taste, trending, allowed, k, neighbours });
  return rankHybrid({ space: films, taste, trending, candidates, allowed, k, options });
}

function meanSimilarity(films: FilmSpace, list: readonly RankedFilm[], to: readonly number[]): number {
  const pairs = list.flatMap(({ movieId }) =>
    to.map((other) => filmSimilarity(films, filmIndex(films.movieIds, movieId), filmIndex(films.movieIds, other))),
  );
  return pairs.reduce((sum, each) => sum + each, 0) / pairs.length;
}

describe("a list", () => {
  test("has k different films, none rated, refused or not allowed, best first, each with a reason and parts that add up", () => {
    fc.assert(
      fc.property(settings, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 7 }), (setting, k, modulus) => {
        const allowed = (movieId: number): boolean => movieId % modulus !== 0 || modulus === 1;
        const list = recommend(setting, [{ kind: "not_interested", movieId: id(3), ts: NOW }], { k, allowed });
        const settled = new Set([...setting.history.map(({ movieId }) => movieId), id(3)]);
        expect(list).toHaveLength(k);
        expect(new Set(list.map(({ movieId }) => movieId)).size).toBe(k);
        for (const each of list) {
          expect(settled.has(each.movieId)).toBe(false);
          expect(allowed(each.movieId)).toBe(true);
          expect(each.reasons.length).toBeGreaterThan(0);
          expect(each.score).toBeCloseTo(each.alsScore + each.trendingScore, 12);
        }
        expect(list.map(({ score }) => score)).toEqual(list.map(({ score }) => score).toSorted((a, b) => b - a));
      }),
      { numRuns: 60 },
    );
  });

  test("is the exact best of all films by scoreFilm when nothing is fresh", () => {
    fc.assert(
      fc.property(settings, (setting) => {
        const { films, history, trending } = setting;
        const options = DEFAULT_HYBRID_OPTIONS;
        const taste = tasteOf(films, history, NOW, options);
        const all = Array.from(films.movieIds)
          .filter((movieId) => !taste.settled.has(movieId))
          .map((movieId) => scoreFilm({ space: films, taste, trending, options }, movieId))
          .sort((a, b) => b.score - a.score || a.movieId - b.movieId);
        expect(recommend(setting).map(({ movieId }) => movieId)).toEqual(
          all.slice(0, 10).map(({ movieId }) => movieId),
        );
      }),
      { numRuns: 60 },
    );
  });

  test("is trending, then popular, for somebody of whom nothing is known", () => {
    const films = space(1);
    const trending = new Map([
      [id(399), 1],
      [999_999, 0.9],
    ]);
    const list = recommend({ films, history: [], trending });
    expect(list).toHaveLength(10);
    expect(list[0]).toMatchObject({ movieId: id(399), reasons: [{ kind: "trending" }] });
    expect(list.some(({ reasons }) => reasons[0]!.kind === "popular")).toBe(true);
  });

  test("names the liked film that a recommended one is close to", () => {
    const films = space(1);
    const list = recommend({ films, history: [rated(id(0), 5, LONG_AGO)], trending: new Map() });
    expect(list[0]!.reasons[0]).toEqual({ kind: "liked", movieId: id(0) });
  });
});

describe("fresh events", () => {
  test("three fives in one taste change at least three of the top ten and bring it closer to the three films", () => {
    fc.assert(
      fc.property(settings, film, (setting, start) => {
        const { films } = setting;
        const before = recommend(setting);
        const known = new Set([...setting.history, ...before].map(({ movieId }) => movieId));
        const taste = [{ movieId: id(start) }, ...neighboursOf(films, start, 100)].map(({ movieId }) => movieId);
        const three = taste.filter((movieId) => !known.has(movieId)).slice(0, 3);
        fc.pre(meanSimilarity(films, before, three) < 0.5);
        const after = recommend(
          setting,
          three.map((movieId, at) => rated(movieId, 5, NOW - 10 + at)),
        );
        const changed = after.filter(({ movieId }) => !before.some((each) => each.movieId === movieId));
        expect(changed.length).toBeGreaterThanOrEqual(3);
        expect(meanSimilarity(films, after, three)).toBeGreaterThan(meanSimilarity(films, before, three));
      }),
      { numRuns: 60 },
    );
  });

  const dislikes = {
    "a rating of 0.5": (movieId: number): Interaction => rated(movieId, 0.5, NOW),
    "not interested": (movieId: number): Interaction => ({ kind: "not_interested", movieId, ts: NOW }),
  };
  test.each(Object.entries(dislikes))(
    "%s lowers every one of the film's 20 nearest neighbours below what it scores without the film",
    (_name, dislike) => {
      fc.assert(
        fc.property(settings, fc.array(film, { maxLength: 5 }), film, (setting, earlier, disliked) => {
          const { films, history, trending } = setting;
          const options = DEFAULT_HYBRID_OPTIONS;
          const known = [...history, ...earlier.map((each) => rated(id(each), 0.5, NOW - DAY))];
          fc.pre(!earlier.includes(disliked));
          // A like that a dislike replaces is gone, and with it what the whole vector and its scale owe to it.
          const others = known.filter(({ movieId }) => movieId !== id(disliked));
          const without = tasteOf(films, others, NOW, options);
          const after = tasteOf(films, [...known, dislike(id(disliked))], NOW, options);
          for (const { movieId } of neighboursOf(films, disliked, 20)) {
            const [was, is] = [without, after].map((taste) =>
              scoreFilm({ space: films, taste, trending, options }, movieId),
            );
            expect(is!.score).toBeLessThan(was!.score);
          }
        }),
        { numRuns: 60 },
      );
    },
  );

  test("not interested in the only film that was liked: popularity takes over, and the film's neighbours leave the list", () => {
    const films = space(5);
    const setting = { films, history: [rated(id(3), 3.5, LONG_AGO)], trending: new Map() };
    const neighbours = neighboursOf(films, 3, 20).map(({ movieId }) => movieId);
    const near = (list: readonly RankedFilm[]) => list.filter(({ movieId }) => neighbours.includes(movieId)).length;
    expect(near(recommend(setting))).toBeGreaterThan(5);
    const after = recommend(setting, [{ kind: "not_interested", movieId: id(3), ts: NOW }]);
    expect(near(after)).toBe(0);
    expect(after[0]!.reasons[0]).toEqual({ kind: "popular" });
  });

  test("a dislike is a penalty while it is new and evidence for the vector when it is old", () => {
    const films = space(6);
    const likes = [rated(id(1), 5, LONG_AGO), rated(id(9), 4, LONG_AGO)];
    const vectorAt = (now: number, history: readonly Interaction[]): readonly number[] =>
      Array.from(tasteOf(films, history, now, DEFAULT_HYBRID_OPTIONS).vector!);
    const disliking = [...likes, rated(id(17), 0.5, NOW)];
    expect(vectorAt(NOW, disliking)).toEqual(vectorAt(NOW, likes));
    const score = (vector: readonly number[]): number => dotFilm(films, 17, vector);
    const scores = [0, 30 * DAY, 3000 * DAY].map((age) => score(vectorAt(NOW + age, disliking)));
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(new Set(scores).size).toBe(3);
    expect(tasteOf(films, disliking, NOW + 3000 * DAY, DEFAULT_HYBRID_OPTIONS).disliked).toEqual([]);
  });

  test("a click brings films like it up, a view less, neither settles the film", () => {
    const films = space(3);
    const setting = {
      films,
      history: Array.from({ length: 20 }, (_, at) => rated(id(8 * at), 5, LONG_AGO)),
      trending: new Map(),
    };
    const target = neighboursOf(films, 1, 1)[0]!.movieId;
    const scoreAfter = (more: Interaction[]): number => {
      const taste = tasteOf(films, [...setting.history, ...more], NOW, DEFAULT_HYBRID_OPTIONS);
      expect(taste.settled.has(id(1))).toBe(false);
      return scoreFilm({ ...setting, space: films, taste, options: DEFAULT_HYBRID_OPTIONS }, target).score;
    };
    const nothing = scoreAfter([]);
    const viewed = scoreAfter([{ kind: "view", movieId: id(1), ts: NOW }]);
    const clicked = scoreAfter([{ kind: "click", movieId: id(1), ts: NOW }]);
    expect(viewed).toBeGreaterThan(nothing);
    expect(clicked).toBeGreaterThan(viewed);
  });

  test("the latest opinion counts: loved long ago and refused today is disliked", () => {
    const films = space(4);
    const history = [rated(id(2), 5, LONG_AGO), rated(id(2), 0.5, NOW)];
    const taste = tasteOf(films, history, NOW, DEFAULT_HYBRID_OPTIONS);
    expect(taste.vector).toBeUndefined();
    expect(taste.disliked.map(({ movieId }) => movieId)).toEqual([id(2)]);
  });

  test("old history alone keeps the values it was trained with", () => {
    const films = space(5);
    const history = [rated(id(1), 5, LONG_AGO), rated(id(2), 4, LONG_AGO)];
    const old = tasteOf(films, history, NOW, DEFAULT_HYBRID_OPTIONS);
    const plain = tasteOf(films, history, NOW, { ...DEFAULT_HYBRID_OPTIONS, recentShare: 0, minimumBoost: 0 });
    expect(old.vector).toEqual(plain.vector);
    expect(old.fresh).toEqual([]);
  });
});
