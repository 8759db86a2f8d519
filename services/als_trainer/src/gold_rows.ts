import { setImmediate } from "node:timers/promises";
import { prepareTopK, topK, type AlsModel } from "@cinelake/als";
import { utcDay } from "@cinelake/contracts";
import type { Row } from "@cinelake/delta";
import { filmsOfUsers } from "@cinelake/evaluation";
import type { GoldTable } from "./plan.ts";
import type { RatedFilms } from "./sources.ts";

/** A trained model with what it was trained on. */
export interface Trained {
  readonly model: AlsModel;
  readonly data: RatedFilms;
}

export interface Stamp {
  readonly modelVersion: string;
  /** Milliseconds since the epoch. */
  readonly computedAt: number;
}

/** Films per user in gold_recommendations_als. */
export const LIST_LENGTH = 100;
/** Longest time, in milliseconds, that making rows holds the event loop (one user aside). */
const SLICE_MS = 8;

/** All rows of a Gold table for one model; equal models and stamps give equal rows. */
export function goldRows(table: GoldTable, { model, data }: Trained, stamp: Stamp): AsyncIterable<Row> | Iterable<Row> {
  const computed = {
    computed_ts: new Date(stamp.computedAt),
    computed_date: utcDay(stamp.computedAt),
  };
  const common = { model_version: stamp.modelVersion, ...computed };
  switch (table) {
    case "gold_als_user_factors":
      return factorRows("user_id", data.userIds, model.userFactors, model.factors, common);
    case "gold_als_item_factors":
      return factorRows("movie_id", data.movieIds, model.itemFactors, model.factors, common);
    case "gold_recommendations_als":
      return listRows(model, data, common);
  }
}

function* factorRows(
  key: "user_id" | "movie_id",
  ids: Float64Array,
  vectors: Float32Array,
  factors: number,
  common: Row,
): Generator<Row> {
  for (let row = 0; row < ids.length; row++) {
    yield { ...common, [key]: ids[row]!, factors: Array.from(vectors.subarray(row * factors, (row + 1) * factors)) };
  }
}

/** The best films of every user with an opinion, rated films out. A user whose vector is zero (nothing liked) has no list. */
async function* listRows(
  { userFactors, itemFactors, factors }: AlsModel,
  data: RatedFilms,
  common: Row,
): AsyncGenerator<Row> {
  const index = prepareTopK(itemFactors, factors);
  const rated = filmsOfUsers(data.ratings);
  let sliceEnd = performance.now() + SLICE_MS;
  for (let user = 0; user < data.userIds.length; user++) {
    if (performance.now() > sliceEnd) {
      await setImmediate();
      sliceEnd = performance.now() + SLICE_MS;
    }
    const query = userFactors.subarray(user * factors, (user + 1) * factors);
    if (query.every((value) => value === 0)) continue;
    const { indices, scores } = topK({ index, query, k: LIST_LENGTH, exclude: rated[user]! });
    for (let at = 0; at < indices.length; at++) {
      yield {
        ...common,
        user_id: data.userIds[user]!,
        rank: at + 1,
        movie_id: data.movieIds[indices[at]!]!,
        score: scores[at]!,
      };
    }
  }
}
