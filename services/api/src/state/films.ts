import type { SilverMoviesRow } from "@cinelake/contracts";

/** A film as the API shows it. */
export type Film = SilverMoviesRow;

/** One version of the catalogue, in memory. Never changes. */
export interface Films {
  readonly version: number;
  readonly byId: ReadonlyMap<number, Film>;
  /** Genres by their name in lower case. */
  readonly genres: ReadonlyMap<string, string>;
  /** Films that may be recommended, rising ids. */
  readonly listed: readonly SearchableFilm[];
}

interface SearchableFilm {
  readonly film: Film;
  /** Title in plain letters, its article in front. */
  readonly title: string;
  /** Words of the title, each after a blank. */
  readonly words: string;
}

export const NO_FILMS: Films = { version: -1, byId: new Map(), genres: new Map(), listed: [] };

export function filmsOf(rows: Iterable<Film>, version: number): Films {
  const sorted = [...rows].sort((a, b) => a.movie_id - b.movie_id);
  const genres = new Map<string, string>();
  for (const { genres: names } of sorted) for (const name of names) genres.set(name.toLowerCase(), name);
  const listed = sorted.filter(({ is_placeholder }) => !is_placeholder).map(searchable);
  return { version, byId: new Map(sorted.map((film) => [film.movie_id, film])), genres, listed };
}

/** Text reduced to what a search compares: lower case, without accents, words of letters and digits with single blanks. */
export function plainText(text: string): string {
  return text
    .normalize("NFKD")
    .replaceAll(/[\p{M}'’]/gu, "")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}

/** MovieLens puts articles behind: `Matrix, The`. */
const ARTICLE_BEHIND = /^(.*), (the|an?|le|la|les|il|el|los|las|das|der|die|l')$/i;

function searchable(film: Film): SearchableFilm {
  const title = plainText(film.title.replace(ARTICLE_BEHIND, "$2 $1"));
  return { film, title, words: ` ${title} ${film.year ?? ""}` };
}
