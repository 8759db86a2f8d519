import { filmIndex } from "@cinelake/ranking";
import { z } from "zod";
import { listedFilm, loadedFilms, type ApiContext } from "../context.ts";
import { idParameter, kParameter, textParameter, wholeNumberOr } from "../http/parameters.ts";
import { problem, problemResponse } from "../http/problem.ts";
import type { ApiServer } from "../http/server.ts";
import { filmDetailShape, filmsShape, similarShape } from "../http/shapes.ts";
import { isListed } from "../recommender.ts";
import { searchFilms, type FilmPlace } from "../state/film_search.ts";
import type { Film } from "../state/films.ts";
import { genreNamed } from "./genres.ts";

const params = z.object({ movie_id: idParameter("The film.") });
const limit = wholeNumberOr(20, { min: 1, max: 500, description: "Films on a page, 1 to 500; 20 by default." });

/** GET /movies, /movies/{movie_id} and /movies/{movie_id}/similar. */
export function movieRoutes(app: ApiServer, context: ApiContext): void {
  const filmOf = (movieId: number): Film => {
    const film = loadedFilms(context.catalogue).byId.get(movieId);
    if (film) return film;
    throw problem("not_found", `There is no film ${movieId}`, { movie_id: movieId });
  };

  app.get(
    "/movies",
    {
      schema: {
        summary: "Search the catalogue",
        description:
          "Films whose title has words beginning with each word of the query; those whose title is or begins with it come first. Pages stay stable while films are added.",
        tags: ["movies"],
        querystring: z.object({
          query: textParameter("Words of the title, in any order, or their beginnings.", 200).optional(),
          genre: textParameter("Only films of this genre.", 100).optional(),
          cursor: textParameter("`next_cursor` of the page before.", 200).optional(),
          limit,
        }),
        response: { 200: filmsShape, ...problemResponse },
      },
    },
    async (request) => {
      const films = loadedFilms(context.catalogue);
      const { query, cursor, limit } = request.query;
      const genre = genreNamed(films, request.query.genre);
      const { items, next } = searchFilms(films, {
        query,
        genre,
        limit,
        after: cursor ? decodeCursor(cursor) : undefined,
      });
      return { items: items.map(withoutPlaceholder), next_cursor: next ? encodeCursor(next) : null };
    },
  );

  app.get(
    "/movies/:movie_id",
    {
      schema: { summary: "One film", tags: ["movies"], params, response: { 200: filmDetailShape, ...problemResponse } },
    },
    async (request) => {
      const film = filmOf(request.params.movie_id);
      return { ...withoutPlaceholder(film), is_placeholder: film.is_placeholder };
    },
  );

  app.get(
    "/movies/:movie_id/similar",
    {
      schema: {
        summary: "Films that the same people like",
        description: "Empty for a film that nobody has rated well.",
        tags: ["movies"],
        params,
        querystring: z.object({ k: kParameter }),
        response: { 200: similarShape, ...problemResponse },
      },
    },
    async (request) => {
      const { movie_id } = filmOf(request.params.movie_id);
      const films = context.catalogue.films();
      const model = context.models.current();
      const index = model ? filmIndex(model.space.movieIds, movie_id) : -1;
      const neighbours = model && index >= 0 ? model.neighbours(index) : [];
      const items = neighbours
        .filter(({ movieId }) => isListed(films, movieId))
        .slice(0, request.query.k)
        .map(({ movieId, similarity }) => ({ ...listedFilm(films, movieId), score: similarity }));
      return { movie_id, items, model_version: model?.version ?? null };
    },
  );
}

function withoutPlaceholder({ movie_id, title, year, genres, imdb_id, tmdb_id }: Film) {
  return { movie_id, title, year, genres: [...genres], imdb_id, tmdb_id };
}

function encodeCursor({ rank, movieId }: FilmPlace): string {
  return Buffer.from(`${rank}:${movieId}`).toString("base64url");
}

function decodeCursor(cursor: string): FilmPlace {
  const match = /^([0-2]):([1-9][0-9]{0,15})$/.exec(Buffer.from(cursor, "base64url").toString("utf8"));
  if (match) return { rank: Number(match[1]), movieId: Number(match[2]) };
  throw problem("invalid_argument", "cursor: must be the next_cursor of an answer", { parameter: "cursor" });
}
