import { PLACEHOLDER_TITLE, tableSpec, type TableSpec } from "@cinelake/contracts";
import { STAGED } from "./staging_sql.ts";
import { identifier, literal } from "./sql_text.ts";

/** `FROM`-able texts of the deduplicated good rows. */
export interface GoodRows {
  readonly silver_movies: string;
  readonly silver_ratings: string;
  readonly silver_tags: string;
}

/** Rows to merge into silver_movies: the catalogue, and a placeholder for each film that only ratings or tags name. */
export function moviesSql(good: GoodRows): string {
  const values: Record<string, string> = {
    movie_id: "movie_id",
    title: `${literal(PLACEHOLDER_TITLE)} || movie_id`,
    genres: "[]::VARCHAR[]",
    is_placeholder: "true",
  };
  const columns = tableSpec("silver_movies").columns.map(({ name }) => name);
  const placeholder = columns.map((name) => `${values[name] ?? "NULL"} AS ${identifier(name)}`);
  return `SELECT ${columns.map(identifier).join(", ")} FROM ${good.silver_movies}
UNION ALL BY NAME SELECT ${placeholder.join(", ")} FROM (${unknownFilmsSql(good)})`;
}

/** Films that ratings or tags name and the catalogue does not. */
function unknownFilmsSql(good: GoodRows): string {
  return `SELECT DISTINCT movie_id FROM (SELECT movie_id FROM ${good.silver_ratings} UNION ALL SELECT movie_id FROM ${good.silver_tags})
  WHERE movie_id NOT IN (SELECT movie_id FROM ${good.silver_movies})`;
}

/** Rows to merge into silver_users: everyone who rated or tagged, with the first instant. */
export function usersSql(good: GoodRows): string {
  return `SELECT user_id, min(event_ts) AS first_event_ts, false AS is_placeholder
FROM (SELECT user_id, event_ts FROM ${good.silver_ratings} UNION ALL SELECT user_id, event_ts FROM ${good.silver_tags}) GROUP BY user_id`;
}

/** Rejected rows of a staged relation, as rows of silver_rejects; `rejectedTs` is an ISO instant. */
export function rejectsSql(
  target: Pick<TableSpec, "name" | "source">,
  staged: string,
  run: { readonly ingestionId: string; readonly rejectedTs: string },
): string {
  return `SELECT ${literal(target.source?.table ?? "")} AS source_table, ${literal(target.name)} AS target_table,
  ${literal(run.ingestionId)} AS ingestion_id, ${STAGED.row} AS row_number, ${STAGED.reason} AS reason, ${STAGED.json} AS row_json,
  ${literal(run.rejectedTs)}::TIMESTAMPTZ AS rejected_ts, ${literal(run.rejectedTs.slice(0, 10))}::DATE AS event_date
FROM ${staged} WHERE ${STAGED.reason} IS NOT NULL`;
}
