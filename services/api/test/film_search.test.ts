import * as fc from "fast-check";
import { expect, test } from "vitest";
import { searchFilms, type FilmPlace } from "../src/state/film_search.ts";
import { filmsOf, type Film } from "../src/state/films.ts";

const film = (movie_id: number, title: string, genres: string[] = [], year = 1999): Film => ({
  movie_id,
  title,
  year,
  genres,
  imdb_id: null,
  tmdb_id: null,
  is_placeholder: false,
});

const CATALOGUE = [
  film(1, "Toy Story", ["Animation"]),
  film(2, "Matrix, The", ["Action", "Sci-Fi"]),
  film(3, "Amélie (Fabuleux destin d'Amélie Poulain, Le)", ["Comedy"], 2001),
  film(4, "Toy Story 2", ["Animation"]),
  film(5, "The Story of Us", ["Drama"]),
  film(6, "Matrix Reloaded, The", ["Action"]),
  { ...film(7, "Film 7"), is_placeholder: true },
];

function find(query: string | undefined, genre?: string, limit = 20): number[] {
  return searchFilms(filmsOf(CATALOGUE, 1), { query, genre, limit, after: undefined }).items.map(
    (each) => each.movie_id,
  );
}

test.each([
  ["the title itself comes first, then titles that begin with it", "toy story", [1, 4]],
  ["words in any order, by their beginnings", "sto toy", [1, 4]],
  ["a leading article that the catalogue puts behind", "the matrix", [2, 6]],
  ["without accents and in any case", "AMELIE", [3]],
  ["with the year", "amelie 2001", [3]],
  ["a word inside another does not count", "atrix", []],
  ["nothing but signs finds nothing", "?!", []],
  ["placeholders are not listed", "film", []],
])("%s", (_name, query, expected) => expect(find(query)).toEqual(expected));

test("a genre narrows, no query lists all", () => {
  expect(find(undefined, "Action")).toEqual([2, 6]);
  expect(find(undefined)).toEqual([1, 2, 3, 4, 5, 6]);
});

test("pages put together are the whole, even when films are added between them", () => {
  const words = fc.constantFrom("toy", "story", "matrix", "war");
  const titles = fc.array(
    fc.array(words, { minLength: 1, maxLength: 3 }).map((each) => each.join(" ")),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(titles, titles, fc.integer({ min: 1, max: 7 }), words, (first, more, limit, query) => {
      const before = first.map((title, at) => film(2 * at + 1, title));
      const added = more.map((title, at) => film(2 * at + 2, title));
      const whole = searchFilms(filmsOf(before, 1), { query, genre: undefined, limit: 500, after: undefined }).items;
      const seen: number[] = [];
      let after: FilmPlace | undefined;
      let films = filmsOf(before, 1);
      do {
        const page = searchFilms(films, { query, genre: undefined, limit, after });
        seen.push(...page.items.map((each) => each.movie_id));
        after = page.next;
        films = filmsOf([...before, ...added], 2);
      } while (after);
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen).toEqual(expect.arrayContaining(whole.map((each) => each.movie_id)));
    }),
  );
});
