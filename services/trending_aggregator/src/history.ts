import { TRENDING_WINDOWS, type TableName, type TrendingWindow } from "@cinelake/contracts";
import type { Snapshot } from "@cinelake/delta";
import { findLakeTable, type LakePorts } from "@cinelake/lake";
import type { HistoryFilm } from "@cinelake/ranking";

const DAY_MS = 86_400_000;
const HISTORY_DAYS = 365;

/** Imported ratings are far sparser than live events: each window looks at them with a half-life of its own, in days. */
const HALF_LIFE_DAYS: Readonly<Record<TrendingWindow, number>> = { "1h": 7, "24h": 30, "7d": 90 };

/** Genres of films that have any. */
export type Genres = ReadonlyMap<number, readonly string[]>;

/**
 * What was trending at the end of the imported ratings, for `Trending.seedHistory`: the last 365 days, as if the newest rating were given
 * now. A rating of four stars or more weighs 3, from three stars 1, divided by the square root of how many the user gave.
 * `users` are all who ever rated, `version` is that of silver_ratings; without the table, undefined and nobody.
 */
export async function loadTrendingHistory(ports: LakePorts): Promise<{
  readonly films: HistoryFilm[];
  readonly users: ReadonlySet<number>;
  readonly version: number | undefined;
}> {
  const ratings = await snapshotOf(ports, "silver_ratings");
  if (!ratings) return { films: [], users: new Set(), version: undefined };
  const newest = await newestRating(ports, ratings);
  if (newest === undefined) return { films: [], users: new Set(), version: ratings.version };
  const oldest = newest - HISTORY_DAYS * DAY_MS;
  await using scan = await ratings.scan({
    columns: ["user_id", "movie_id", "rating", "event_ts", "event_date"],
    where: [{ column: "event_date", op: ">=", value: firstOfMonth(oldest) }],
  });
  const rows = await ports.engine.rows<{ movie_id: number; baseline: number; users: number } & Record<string, number>>(
    historySql(scan.sql),
    [newest, oldest],
  );
  const films = rows.map((row) => ({
    movieId: row.movie_id,
    recent: Object.fromEntries(TRENDING_WINDOWS.map((window) => [window, row[`recent_${window}`] ?? 0])) as Record<
      TrendingWindow,
      number
    >,
    baseline: row.baseline,
    users: row.users,
  }));
  return { films, users: await ratingUsers(ports, ratings), version: ratings.version };
}

/** Genres of every film of the catalogue, and the version of silver_movies they come from; without the table none. */
export async function loadTrendingGenres(
  ports: LakePorts,
): Promise<{ readonly genres: Genres; readonly version: number | undefined }> {
  const movies = await snapshotOf(ports, "silver_movies");
  if (!movies) return { genres: new Map(), version: undefined };
  await using scan = await movies.scan({ columns: ["movie_id", "genres"] });
  const rows = await ports.engine.rows<{ movie_id: number; genres: string[] }>(
    `SELECT movie_id, genres FROM ${scan.sql} WHERE len(genres) > 0`,
  );
  return { genres: new Map(rows.map((row) => [row.movie_id, row.genres])), version: movies.version };
}

/** Current versions, to see cheaply whether loading again would bring anything new. */
export async function silverVersions(
  ports: LakePorts,
): Promise<{ readonly ratings: number | undefined; readonly movies: number | undefined }> {
  const ratings = await snapshotOf(ports, "silver_ratings");
  const movies = await snapshotOf(ports, "silver_movies");
  return { ratings: ratings?.version, movies: movies?.version };
}

function historySql(relation: string): string {
  const recent = TRENDING_WINDOWS.map(
    (window) => `sum(weight * pow(2, -age_days / ${HALF_LIFE_DAYS[window]})) AS "recent_${window}"`,
  );
  return `
    WITH liked AS (
      SELECT movie_id, user_id, CASE WHEN rating >= 4 THEN 3.0::DOUBLE ELSE 1.0::DOUBLE END AS weight,
        ($1::DOUBLE - epoch_ms(event_ts)) / ${DAY_MS} AS age_days
      FROM ${relation}
      WHERE rating >= 3 AND epoch_ms(event_ts) > $2::DOUBLE
    ),
    damped AS (
      SELECT movie_id, age_days, weight / sqrt(count(*) OVER (PARTITION BY user_id)) AS weight FROM liked
    )
    SELECT movie_id, ${recent.join(", ")}, sum(weight) AS baseline, count(*) AS users
    FROM damped GROUP BY movie_id`;
}

async function ratingUsers({ engine }: LakePorts, ratings: Snapshot): Promise<ReadonlySet<number>> {
  await using scan = await ratings.scan({ columns: ["user_id"] });
  const rows = await engine.rows<{ user_id: number }>(`SELECT DISTINCT user_id FROM ${scan.sql}`);
  return new Set(rows.map((row) => row.user_id));
}

async function newestRating({ engine }: LakePorts, ratings: Snapshot): Promise<number | undefined> {
  await using scan = await ratings.scan({ columns: ["event_ts"] });
  const [row] = await engine.rows<{ newest: number | null }>(
    `SELECT epoch_ms(max(event_ts)) AS newest FROM ${scan.sql}`,
  );
  return row?.newest ?? undefined;
}

async function snapshotOf(ports: LakePorts, name: TableName): Promise<Snapshot | undefined> {
  return (await findLakeTable(ports, name))?.snapshot();
}

/** silver_ratings is partitioned by month: `event_date` is its first day. */
function firstOfMonth(time: number): string {
  return `${new Date(time).toISOString().slice(0, 7)}-01`;
}
