import { defaultAlsOptions, preferenceOfRating } from "@cinelake/als";
import type { Ratings } from "@cinelake/evaluation";
import { sharedFile } from "@cinelake/testkit";
import { describe, expect, test } from "vitest";
import { evaluateModel, evaluateRatings, formatEvaluation, PROTOCOL_NAMES } from "../src/index.ts";
import { makeProtocol } from "../src/protocols.ts";
import { movieLensRatings } from "./movielens.ts";
import { importRatings, openPorts, twoTastes } from "./support.ts";

const SETTINGS = { ...defaultAlsOptions, factors: 8, iterations: 5 };
const small = twoTastes(20, 30);
const ratings: Ratings = {
  users: 20,
  films: 30,
  user: Int32Array.from(small, ({ userId }) => userId - 1),
  film: Int32Array.from(small, ({ movieId }) => movieId / 10 - 1),
  stars: Float32Array.from(small, ({ stars }) => stars),
  time: Float64Array.from(small, ({ time }) => time),
};

describe("protocols", () => {
  test("validation is carved from the training part: the test part stays unseen", () => {
    for (const name of PROTOCOL_NAMES) {
      const { test: tested, validation } = makeProtocol(name, ratings);
      const pairs = (part: Ratings): string[] => Array.from(part.user, (user, at) => `${user}/${part.film[at]}`).sort();
      expect([...pairs(validation.train), ...pairs(validation.heldOut)].sort()).toEqual(pairs(tested.train));
      const unseen = new Set(pairs(tested.heldOut));
      expect(unseen.size).toBeGreaterThan(0);
      expect(pairs(tested.train).some((pair) => unseen.has(pair))).toBe(false);
    }
  });

  test("a random fifth is of the ratings from 4 stars on, the last film of all", () => {
    const liked = small.filter(({ stars }) => stars >= 4).length;
    const fifth = makeProtocol("random_fifth", ratings).test;
    expect(fifth.heldOut.stars.length).toBe(Math.round(liked / 5));
    expect(Math.min(...fifth.train.stars, ...fifth.heldOut.stars)).toBe(4);
    expect(makeProtocol("last_film", ratings).test.heldOut.stars.length).toBe(20);
  });
});

describe("evaluation", () => {
  test("learns two tastes that popularity cannot see, and picks the better settings on validation", async () => {
    const candidates = [
      { name: "one factor", options: { ...SETTINGS, factors: 1 }, preference: preferenceOfRating },
      { name: "trained", options: SETTINGS, preference: preferenceOfRating },
    ];
    const evaluation = await evaluateRatings(ratings, { grid: candidates, shapes: [], protocols: ["random_fifth"] });
    expect(evaluation.settings.factors).toBe(SETTINGS.factors);
    const [als, popularity, random] = evaluation.protocols[0]!.methods.map(({ metrics }) => metrics["ndcg@10"]!);
    expect(als).toBeGreaterThan(1.2 * popularity!);
    expect(als).toBeGreaterThan(1.2 * random!);
    const text = formatEvaluation(evaluation);
    for (const part of ["one factor", "popularity", "random_fifth", "ndcg@10"]) expect(text).toContain(part);
    expect(JSON.parse(JSON.stringify(evaluation)).protocols[0].methods[0].metrics["ndcg@10"]).toBe(als);
  });

  test("reads the lake's Silver ratings and reports how far it is", async () => {
    await using ports = await openPorts();
    await importRatings(ports, small);
    const seen: string[] = [];
    const evaluation = await evaluateModel(ports, {
      grid: [],
      settings: SETTINGS,
      onProgress: ({ done, total, unit }) => seen.push(`${done}/${total} ${unit}`),
    });
    expect(evaluation).toEqual(await evaluateRatings(ratings, { grid: [], settings: SETTINGS }));
    expect(seen).toEqual(["1/2 trainings", "2/2 trainings"]);
    await expect(evaluateModel(ports, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("quality on ml-latest-small", () => {
  const archive = sharedFile("data/ml-latest-small.zip");
  test.runIf(archive !== undefined)(
    "the shipped settings reach their targets on both protocols",
    async () => {
      const { protocols } = await evaluateRatings(movieLensRatings(archive!), { grid: [] });
      const ndcg = (at: number, method: string): number =>
        protocols[at]!.methods.find((each) => each.method === method)!.metrics["ndcg@10"]!;
      expect(protocols.map(({ protocol }) => protocol)).toEqual(["random_fifth", "last_film"]);
      expect(ndcg(0, "als")).toBeGreaterThan(0.22);
      expect(ndcg(0, "popularity")).toBeCloseTo(0.138, 2);
      expect(ndcg(1, "als")).toBeGreaterThan(0.03);
      expect(ndcg(1, "popularity")).toBeCloseTo(0.019, 2);
    },
    60_000,
  );
});
