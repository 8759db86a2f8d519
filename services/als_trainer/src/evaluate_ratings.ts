import { defaultAlsOptions, preferenceOfRating, trainAls, type AlsOptions } from "@cinelake/als";
import {
  alsRanking,
  evaluateRanking,
  popularity,
  randomOrder,
  ratingMatrix,
  type RankingEvaluation,
  type Ratings,
  type Recommend,
  type Split,
} from "@cinelake/evaluation";
import { PREFERENCE_SHAPES, SETTINGS_GRID, type Candidate } from "./grid.ts";
import type { WorkHooks } from "./ports.ts";
import { makeProtocol, type Protocol, type ProtocolName } from "./protocols.ts";
import { namedSettings } from "./run_log.ts";

export interface EvaluationOptions {
  /** Default: `random_fifth` and `last_film`, those with targets. */
  readonly protocols?: readonly ProtocolName[];
  /** Settings to pick from on the validation parts; an empty list evaluates `settings` as they are. Default: SETTINGS_GRID. */
  readonly grid?: readonly Candidate[];
  /** Meanings of stars to measure on the validation parts. Default: PREFERENCE_SHAPES, none without a grid. */
  readonly shapes?: readonly Candidate[];
  /** Settings for an empty grid; default `defaultAlsOptions`. */
  readonly settings?: AlsOptions;
}

/** One line of the search, as JSON. */
export interface ValidationRow {
  readonly name: string;
  /** NDCG@10 on the validation part of each protocol. */
  readonly "validation_ndcg@10": Readonly<Partial<Record<ProtocolName, number>>>;
  /** Mean over the protocols of NDCG@10 as a multiple of popularity's. */
  readonly lift_over_popularity: number;
}

export interface ProtocolResult {
  readonly protocol: ProtocolName;
  readonly title: string;
  readonly train_ratings: number;
  readonly held_out_ratings: number;
  readonly methods: readonly {
    readonly method: "als" | "popularity" | "random";
    readonly users: number;
    readonly metrics: RankingEvaluation["metrics"];
    readonly intervals_95: RankingEvaluation["intervals"];
  }[];
}

/** The outcome, as it is printed with --json: metrics are named like `ndcg@10`. */
export interface Evaluation {
  readonly ratings: number;
  readonly users: number;
  readonly movies: number;
  readonly grid: readonly ValidationRow[];
  readonly preference_shapes: readonly ValidationRow[];
  /** Those of greatest lift in the grid: the only settings that see the test parts. */
  readonly settings: Readonly<Record<string, string | number>>;
  readonly protocols: readonly ProtocolResult[];
}

/**
 * Picks settings on the validation parts (the greatest mean lift over popularity, one choice for all protocols), then trains with
 * them on the whole training parts and measures once on the test parts, popularity and chance beside them. Deterministic.
 */
export async function evaluateRatings(
  ratings: Ratings,
  options: EvaluationOptions = {},
  hooks: WorkHooks = {},
): Promise<Evaluation> {
  const protocols = (options.protocols ?? ["random_fifth", "last_film"]).map((name) => makeProtocol(name, ratings));
  const grid = options.grid ?? SETTINGS_GRID;
  const shapes = options.shapes ?? (grid.length > 0 ? PREFERENCE_SHAPES : []);
  const train = trainer(hooks, (grid.length + shapes.length + 1) * protocols.length);
  const gridRows = await inTurn(grid, (candidate) => validate(candidate, protocols, train));
  const shapeRows = await inTurn(shapes, (candidate) => validate(candidate, protocols, train));
  const picked = bestOf(grid, gridRows) ?? options.settings ?? defaultAlsOptions;
  const results = await inTurn(protocols, async (protocol) => {
    const als = await train({ name: "test", options: picked, preference: preferenceOfRating }, protocol.test);
    return testResult(protocol, als);
  });
  return {
    ratings: ratings.stars.length,
    users: ratings.users,
    movies: ratings.films,
    grid: gridRows,
    preference_shapes: shapeRows,
    settings: namedSettings(picked),
    protocols: results,
  };
}

type Train = (candidate: Candidate, split: Split) => Promise<Recommend>;

function trainer({ onProgress, signal }: WorkHooks, total: number): Train {
  let done = 0;
  return async (candidate, split) => {
    const matrix = ratingMatrix(split.train, candidate.preference);
    const model = await trainAls(matrix, candidate.options, signal ? { signal } : {});
    onProgress?.({ name: candidate.name, done: ++done, total, unit: "trainings" });
    return alsRanking(model);
  };
}

async function validate(candidate: Candidate, protocols: readonly Protocol[], train: Train): Promise<ValidationRow> {
  const scores = await inTurn(protocols, async ({ name, validation }) => {
    const score = ndcg(validation, await train(candidate, validation));
    return { name, score, lift: score / ndcg(validation, popularity(validation.train)) };
  });
  return {
    name: candidate.name,
    "validation_ndcg@10": Object.fromEntries(scores.map(({ name, score }) => [name, score])),
    lift_over_popularity: scores.reduce((sum, { lift }) => sum + lift, 0) / scores.length,
  };
}

function ndcg(split: Split, recommend: Recommend): number {
  return evaluateRanking(split, recommend, { resamples: 1 }).metrics["ndcg@10"]!;
}

function bestOf(grid: readonly Candidate[], rows: readonly ValidationRow[]): AlsOptions | undefined {
  const lifts = rows.map((row) => row.lift_over_popularity);
  return grid[lifts.indexOf(Math.max(...lifts))]?.options;
}

function testResult({ name, title, test }: Protocol, als: Recommend): ProtocolResult {
  const measured = { als, popularity: popularity(test.train), random: randomOrder(test.train.films, 1) };
  return {
    protocol: name,
    title,
    train_ratings: test.train.stars.length,
    held_out_ratings: test.heldOut.stars.length,
    methods: (["als", "popularity", "random"] as const).map((method) => {
      const { users, metrics, intervals } = evaluateRanking(test, measured[method], { k: [10, 100] });
      return { method, users, metrics, intervals_95: intervals };
    }),
  };
}

async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
