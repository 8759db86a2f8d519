import type { SilverMoviesRow, SilverUsersRow } from "./generated/tables.ts";

/** Row of silver_movies for a film that only references know; batch job and stream make the same one. */
export function placeholderMovie(movieId: number): SilverMoviesRow {
  const title = `${PLACEHOLDER_TITLE}${movieId}`;
  return { movie_id: movieId, title, year: null, genres: [], imdb_id: null, tmdb_id: null, is_placeholder: true };
}

/** Row of silver_users for a user whom only live events know. */
export function placeholderUser(userId: number): SilverUsersRow {
  return { user_id: userId, first_event_ts: null, is_placeholder: true };
}

/** A placeholder's title is this and the film's id. */
export const PLACEHOLDER_TITLE = "Film ";
