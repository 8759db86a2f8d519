import { decodeSnapshot, foldIn, gram, preferenceOfRating, prepareTopK, topK } from "@cinelake/als";
import { openLakeTable } from "@cinelake/lake";
import { counting, faulty } from "@cinelake/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { trainModel, type TrainerPorts } from "../src/index.ts";
import { GOLD_TABLES } from "../src/plan.ts";
import { EXPERIMENT, REGISTERED_MODEL, SERVING_ALIAS } from "../src/run_log.ts";
import { allRows, appendLive, importRatings, openPorts, twoTastes } from "./support.ts";

const OPTIONS = { factors: 8, iterations: 5, solver: "cholesky" } as const;
const ORDER = {
  gold_als_user_factors: "user_id",
  gold_als_item_factors: "movie_id",
  gold_recommendations_als: "user_id, rank",
} as const;
const rows = twoTastes(14, 20);

let ports: TrainerPorts & AsyncDisposable;
beforeEach(async () => {
  ports = await openPorts();
});
afterEach(async () => {
  await ports[Symbol.asyncDispose]();
});

async function goldContents(from: TrainerPorts): Promise<Record<string, Record<string, unknown>[]>> {
  const contents: Record<string, Record<string, unknown>[]> = {};
  for (const name of GOLD_TABLES) contents[name] = await allRows(from, name, ORDER[name]);
  return contents;
}

async function versions(from: TrainerPorts): Promise<number[]> {
  const list: number[] = [];
  for (const name of GOLD_TABLES) list.push((await (await openLakeTable(from, name)).snapshot()).version);
  return list;
}

const withoutTimes = (contents: Record<string, Record<string, unknown>[]>): unknown =>
  Object.values(contents).map((list) => list.map(({ computed_ts: _ts, computed_date: _date, ...row }) => row));

describe("trainModel", () => {
  test("tables, snapshot and metadata row tell of one model", async () => {
    await importRatings(ports, rows);
    const result = await trainModel(ports, OPTIONS);
    const users = new Set(rows.map(({ userId }) => userId)).size;
    expect(result).toMatchObject({ changed: true, users, movies: 20, ratings: rows.length });
    const serving = (await ports.metadata.servingModel())!;
    expect(serving.modelVersion).toBe(result.modelVersion);
    const { training_seconds, quality } = serving.details as { training_seconds: number; quality: { loss: number } };
    expect([training_seconds > 0, quality.loss > 0]).toEqual([true, true]);

    const snapshot = decodeSnapshot(await ports.store.get(serving.snapshotKey));
    expect(snapshot.modelVersion).toBe(result.modelVersion);
    expect(snapshot.ratings.values.length).toBe(rows.length);
    const gold = await goldContents(ports);
    const vectors = (list: Record<string, unknown>[]): number[] => list.flatMap((row) => row.factors as number[]);
    expect(Float32Array.from(vectors(gold.gold_als_user_factors!))).toEqual(snapshot.userFactors);
    expect(Float32Array.from(vectors(gold.gold_als_item_factors!))).toEqual(snapshot.itemFactors);
    expect(gold.gold_als_item_factors!.map((row) => row.movie_id)).toEqual([...snapshot.movieIds]);
    for (const list of Object.values(gold))
      expect(new Set(list.map((row) => row.model_version))).toEqual(new Set([result.modelVersion]));
  });

  test("every user's list is the exact top of the films not rated, in the user's taste", async () => {
    await importRatings(ports, rows);
    await trainModel(ports, OPTIONS);
    const snapshot = decodeSnapshot(await ports.store.get((await ports.metadata.servingModel())!.snapshotKey));
    const lists = Map.groupBy(
      await allRows(ports, "gold_recommendations_als", "user_id, rank"),
      (row) => row.user_id as number,
    );
    expect([...lists.keys()]).toEqual([...snapshot.userIds]);
    const index = prepareTopK(snapshot.itemFactors, 8);
    for (const [user, userId] of snapshot.userIds.entries()) {
      const rated = snapshot.ratings.indices.slice(snapshot.ratings.indptr[user]!, snapshot.ratings.indptr[user + 1]!);
      const query = snapshot.userFactors.slice(user * 8, user * 8 + 8);
      const expected = topK({ index, query, k: 100, exclude: rated });
      const list = lists.get(userId)!;
      expect(list.map((row) => row.movie_id)).toEqual(Array.from(expected.indices, (film) => snapshot.movieIds[film]));
      expect(list.map((row) => row.score)).toEqual([...expected.scores]);
      expect(list.map((row) => row.rank)).toEqual(list.map((_, at) => at + 1));
      expect((userId + (list[0]!.movie_id as number) / 10) % 2).toBe(0);
    }
  });

  test("folding in a user's own ratings from the snapshot gives the stored vector", async () => {
    await importRatings(ports, rows);
    await trainModel(ports, OPTIONS);
    const { ratings, itemFactors, userFactors, options } = decodeSnapshot(
      await ports.store.get((await ports.metadata.servingModel())!.snapshotKey),
    );
    const values = ratings.values.slice(0, ratings.indptr[1]).map(preferenceOfRating);
    const indices = ratings.indices.slice(0, ratings.indptr[1]);
    const vector = foldIn({ itemFactors, gram: gram(itemFactors, 20, 8), factors: 8, indices, values, options });
    expect(vector).toEqual(userFactors.slice(0, 8));
  });

  test("the latest of imported and live ratings counts, and the snapshot says how far it read", async () => {
    await importRatings(ports, [...rows, { userId: 99, movieId: 10, stars: 1, time: 2e9 }]);
    const again = rows[0]!;
    await appendLive(
      ports,
      [
        { ...again, stars: 0.5, time: again.time + 10 },
        { ...again, stars: 2, time: again.time + 20 },
        { userId: 99, movieId: 10, stars: 5, time: 1e9 },
        { userId: 100, movieId: 777, stars: 5, time: 1e9 },
      ],
      0,
    );
    const { ratings: count } = await trainModel(ports, OPTIONS);
    expect(count).toBe(rows.length + 2);
    const snapshot = decodeSnapshot(await ports.store.get((await ports.metadata.servingModel())!.snapshotKey));
    const starsOf = (userId: number, movieId: number): number[] => {
      const user = snapshot.userIds.indexOf(userId);
      const film = snapshot.movieIds.indexOf(movieId);
      const places = Array.from(snapshot.ratings.indices.keys()).slice(
        snapshot.ratings.indptr[user],
        snapshot.ratings.indptr[user + 1],
      );
      return places
        .filter((at) => snapshot.ratings.indices[at] === film)
        .flatMap((at) => [snapshot.ratings.values[at]!, snapshot.ratingTimes[at]!]);
    };
    expect(starsOf(again.userId, again.movieId)).toEqual([2, again.time + 20]);
    expect(starsOf(99, 10)).toEqual([1, 2e9]);
    expect(starsOf(100, 777)).toEqual([5, 1e9]);
    expect(snapshot.nextOffsets).toEqual({ "events_ratings/0": 4 });
  });

  test("running again changes nothing; other data or options make another model", async () => {
    await importRatings(ports, rows);
    const first = await trainModel(ports, OPTIONS);
    const before = await versions(ports);
    const counted = counting(ports.store);
    expect(await trainModel({ ...ports, store: counted.port }, OPTIONS)).toEqual({ ...first, changed: false });
    expect([...counted.calls.keys()].filter((name) => /^(put|delete)/.test(name))).toEqual([]);
    expect(await versions(ports)).toEqual(before);
    expect((await ports.metadata.servingModel())!.revision).toBe(1);

    const other = await trainModel(ports, { ...OPTIONS, seed: 5 });
    expect(other.modelVersion).not.toBe(first.modelVersion);
    await appendLive(ports, [{ userId: 1, movieId: 20, stars: 5, time: 2e9 }], 0);
    const third = await trainModel(ports, OPTIONS);
    expect(new Set([first.modelVersion, other.modelVersion, third.modelVersion]).size).toBe(3);
    expect((await ports.metadata.servingModel())!.modelVersion).toBe(third.modelVersion);
  });

  test("stopped at any write and run again, the tables are those of an undisturbed run", async () => {
    await importRatings(ports, rows);
    const start = 1_700_000_000_000;
    await using undisturbed = await openPorts();
    await importRatings(undisturbed, rows);
    await trainModel({ ...undisturbed, now: () => start }, OPTIONS);
    const expected = withoutTimes(await goldContents(undisturbed));
    const end = await versions(undisturbed);

    let steps = 0;
    for (let allowed = 0; ; allowed++) {
      await using disturbed = await openPorts();
      await importRatings(disturbed, rows);
      const store = faulty(disturbed.store, {
        before: (method) => (method.startsWith("put") && steps++ >= allowed ? new Error("stopped") : undefined),
      });
      steps = 0;
      const outcome = await trainModel({ ...disturbed, store, now: () => start }, OPTIONS).catch(
        (error: Error) => error,
      );
      if (!(outcome instanceof Error)) break;
      expect(await disturbed.metadata.servingModel()).toBeUndefined();
      await trainModel({ ...disturbed, now: () => start + 86_400_000 }, OPTIONS);
      const contents = await goldContents(disturbed);
      expect(withoutTimes(contents)).toEqual(expected);
      expect(new Set(Object.values(contents).flatMap((list) => list.map((row) => row.computed_ts))).size).toBe(1);
      expect(await versions(disturbed)).toEqual(end);
    }
    expect(steps).toBeGreaterThan(GOLD_TABLES.length);
  }, 60_000);

  test("a snapshot or promotion that is missing is made up for without touching the tables", async () => {
    await importRatings(ports, rows);
    const { modelVersion } = await trainModel(ports, OPTIONS);
    const key = `models/${modelVersion}/snapshot.bin`;
    const bytes = await ports.store.get(key);
    const before = await versions(ports);
    await ports.store.delete(key);
    await trainModel(ports, OPTIONS);
    expect(Buffer.compare(await ports.store.get(key), bytes)).toBe(0);
    await ports.metadata.promoteModel({ modelVersion: "als-other", snapshotKey: "x", details: {} }, 1);
    expect((await trainModel(ports, OPTIONS)).changed).toBe(true);
    expect((await ports.metadata.servingModel())!.modelVersion).toBe(modelVersion);
    expect(await versions(ports)).toEqual(before);
  });

  test("the run is tracked: parameters, falling loss, the alias of the serving model", async () => {
    await importRatings(ports, rows);
    const { modelVersion } = await trainModel(ports, OPTIONS);
    const [run] = await ports.tracking.runs(EXPERIMENT);
    expect(run).toMatchObject({
      name: modelVersion,
      status: "finished",
      params: { factors: "8", unobserved_weight: "0.15", ratings: String(rows.length) },
    });
    expect(run!.metrics.loss).toBeGreaterThan(0);
    expect((await ports.tracking.modelVersion(REGISTERED_MODEL, SERVING_ALIAS))!.source).toBe(
      `models/${modelVersion}/snapshot.bin`,
    );
  });

  test("a tracking server that fails does not keep a model from serving", async () => {
    await importRatings(ports, rows);
    const warnings: string[] = [];
    const logger = { warn: (_details: object, message: string) => void warnings.push(message) };
    const tracking = faulty(ports.tracking, { before: () => new Error("tracking is down") });
    const { modelVersion } = await trainModel({ ...ports, tracking, logger }, OPTIONS);
    expect((await ports.metadata.servingModel())!.modelVersion).toBe(modelVersion);
    expect(warnings[0]).toContain("training goes on");
  });

  test("aborted: the signal's reason, the run marked killed, nothing serves", async () => {
    await importRatings(ports, rows);
    const controller = new AbortController();
    const reason = new Error("stop");
    const hooks = {
      signal: controller.signal,
      onProgress: ({ name }: { name: string }) => name === "train" && controller.abort(reason),
    };
    await expect(trainModel(ports, OPTIONS, hooks)).rejects.toBe(reason);
    expect((await ports.tracking.runs(EXPERIMENT))[0]!.status).toBe("killed");
    expect(await ports.metadata.servingModel()).toBeUndefined();
  });

  test("without ratings the error says what to run", async () => {
    await expect(trainModel(ports)).rejects.toMatchObject({
      code: "dataset_missing",
      message: expect.stringContaining("./cinelake etl"),
    });
    await importRatings(ports, []);
    await expect(trainModel(ports)).rejects.toMatchObject({ code: "dataset_missing" });
  });
});
