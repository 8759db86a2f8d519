import { CinelakeError, streamApplicationId, TOPICS } from "@cinelake/contracts";
import type { Snapshot } from "@cinelake/delta";
import type { Ratings } from "@cinelake/evaluation";
import { partitionKey } from "@cinelake/event_log";
import { findLakeTable, INPUT_PROPERTY, type LakePorts } from "@cinelake/lake";
import type { SourceState } from "./plan.ts";

/** The tables that ratings come from, each at one version. */
export interface Sources {
  readonly imported: Snapshot;
  /** Undefined while no live rating has been written. */
  readonly live: Snapshot | undefined;
}

/** Ratings with the ids behind their rows; ids rise, ratings are ordered by user and film. */
export interface RatedFilms {
  readonly ratings: Ratings;
  readonly userIds: Float64Array;
  readonly movieIds: Float64Array;
}

/** More partitions than any topic of ours has. */
const MAX_PARTITIONS = 1024;

/** Takes the current version of each table; fails with `dataset_missing` if there are no Silver ratings. */
export async function openSources(ports: LakePorts): Promise<Sources> {
  const imported = await (await findLakeTable(ports, "silver_ratings"))?.snapshot();
  if (!imported) {
    throw new CinelakeError(
      "dataset_missing",
      "The lake has no table silver_ratings: run ./cinelake bootstrap, then ./cinelake etl",
    );
  }
  return { imported, live: await (await findLakeTable(ports, "silver_events_ratings"))?.snapshot() };
}

/** What identifies the data: equal states hold equal ratings. */
export function sourceStates({ imported, live }: Sources): Record<string, SourceState | null> {
  const state = (snapshot: Snapshot): SourceState => ({
    version: snapshot.version,
    input: snapshot.configuration[INPUT_PROPERTY] ?? null,
  });
  return { silver_ratings: state(imported), silver_events_ratings: live ? state(live) : null };
}

/** Next offset of every partition of the ratings' topic that the live table has, by `topic/partition`. */
export function nextOffsetsOf({ live }: Sources): Record<string, number> {
  const offsets: Record<string, number> = {};
  if (!live) return offsets;
  for (let partition = 0; partition < MAX_PARTITIONS; partition++) {
    const next = live.transaction(streamApplicationId(TOPICS.rating, partition));
    if (next !== undefined) offsets[partitionKey({ topic: TOPICS.rating, partition })] = next;
  }
  return offsets;
}

/** One rating per user and film: the latest by event_ts of both tables, at a tie the live one. */
export async function readRatings({ engine }: LakePorts, { imported, live }: Sources): Promise<RatedFilms> {
  await using scope = new AsyncDisposableStack();
  const columns = ["user_id", "movie_id", "rating", "event_ts"];
  const first = scope.use(await imported.scan({ columns }));
  const parts = [`SELECT ${columns.join(", ")}, 0 AS is_live, 0 AS log_offset FROM ${first.sql}`];
  if (live) {
    const second = scope.use(await live.scan({ columns: [...columns, "log_offset"] }));
    parts.push(`SELECT ${columns.join(", ")}, 1 AS is_live, log_offset FROM ${second.sql}`);
  }
  const latest = live
    ? "QUALIFY row_number() OVER (PARTITION BY user_id, movie_id ORDER BY event_ts DESC, is_live DESC, log_offset DESC) = 1"
    : "";
  const found = await engine.columns(
    `SELECT user_id, movie_id, rating::FLOAT AS stars, epoch(event_ts)::DOUBLE AS seconds
     FROM (${parts.join(" UNION ALL ")}) ${latest} ORDER BY user_id, movie_id`,
  );
  const users = rowsOf(found.user_id as Float64Array);
  const films = rowsOf(found.movie_id as Float64Array);
  const ratings: Ratings = {
    users: users.ids.length,
    films: films.ids.length,
    user: users.rows,
    film: films.rows,
    stars: found.stars as Float32Array,
    time: found.seconds as Float64Array,
  };
  return { ratings, userIds: users.ids, movieIds: films.ids };
}

/** Rising distinct ids, and for each entry the place of its id among them. */
function rowsOf(idOfEntry: Float64Array): { ids: Float64Array; rows: Int32Array } {
  const ids = Float64Array.from(new Set(idOfEntry)).sort();
  const placeOf = new Map(Array.from(ids, (id, place) => [id, place]));
  return { ids, rows: Int32Array.from(idOfEntry, (id) => placeOf.get(id)!) };
}
