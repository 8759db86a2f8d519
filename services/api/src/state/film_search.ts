import type { Film, Films } from "./films.ts";
import { plainText } from "./films.ts";

export interface FilmQuery {
  readonly query: string | undefined;
  /** In the catalogue's spelling. */
  readonly genre: string | undefined;
  readonly limit: number;
  /** Where the page before ended. */
  readonly after: FilmPlace | undefined;
}

/** A film's place in every search: how well it fits, then its id. Holds whatever is added to the catalogue meanwhile. */
export interface FilmPlace {
  /** 0 the title is the query, 1 it begins with it, 2 it has words that begin with the query's words. */
  readonly rank: number;
  readonly movieId: number;
}

/** A page of the films that fit, best first, and the place to go on from; no place after the last page. */
export function searchFilms(films: Films, search: FilmQuery): { items: Film[]; next: FilmPlace | undefined } {
  const wanted = plainText(search.query ?? "");
  const words = wanted === "" ? [] : wanted.split(" ").map((word) => ` ${word}`);
  const found: { film: Film; place: FilmPlace }[] = [];
  if (wanted === "" && search.query?.trim()) return { items: [], next: undefined };
  for (const { film, title, words: haystack } of films.listed) {
    if (search.genre !== undefined && !film.genres.includes(search.genre)) continue;
    if (!words.every((word) => haystack.includes(word))) continue;
    const rank = title === wanted ? 0 : title.startsWith(wanted) ? 1 : 2;
    const place = { rank, movieId: film.movie_id };
    if (!search.after || compare(place, search.after) > 0) found.push({ film, place });
  }
  found.sort((a, b) => compare(a.place, b.place));
  const page = found.slice(0, search.limit);
  return { items: page.map(({ film }) => film), next: found.length > page.length ? page.at(-1)?.place : undefined };
}

function compare(a: FilmPlace, b: FilmPlace): number {
  return a.rank - b.rank || a.movieId - b.movieId;
}
