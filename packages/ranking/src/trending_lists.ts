import type { TrendingEntry } from "./api.ts";
import { round } from "./trending_score.ts";

/** Name of the list over all films; no genre is called so. */
export const ALL_FILMS = "all";

/**
 * One list over all films and one per genre, live entries before history. `live` and `history` come in rank order.
 * A film of history scores at most 1 and less than the last live entry, in proportion to its part of the best one's.
 */
export function trendingLists(input: {
  readonly live: readonly TrendingEntry[];
  readonly history: readonly TrendingEntry[];
  readonly genresOf: (movieId: number) => readonly string[];
  readonly listSize: number;
  readonly historyGenreSize: number;
}): Record<string, TrendingEntry[]> {
  const all: TrendingEntry[] = [];
  const genres = new Map<string, TrendingEntry[]>();
  /** The lists with room that the film belongs to. */
  const placesOf = (movieId: number, genreSize: number): TrendingEntry[][] => {
    const places = all.length < input.listSize ? [all] : [];
    for (const genre of input.genresOf(movieId)) {
      let list = genres.get(genre);
      if (!list) genres.set(genre, (list = []));
      if (list.length < genreSize) places.push(list);
    }
    return places;
  };
  for (const entry of input.live) {
    for (const list of placesOf(entry.movie_id, input.listSize)) list.push(entry);
  }

  const isLive = new Set(input.live.map((entry) => entry.movie_id));
  const ceiling = 0.999 * Math.min(1, input.live.at(-1)?.score ?? 1);
  const best = input.history[0]?.score ?? 1;
  for (const entry of input.history) {
    if (isLive.has(entry.movie_id)) continue;
    const places = placesOf(entry.movie_id, Math.min(input.historyGenreSize, input.listSize));
    if (places.length === 0) continue;
    const placed = { ...entry, score: round((entry.score / best) * ceiling) };
    for (const list of places) list.push(placed);
  }
  return { ...Object.fromEntries(genres), [ALL_FILMS]: all };
}
