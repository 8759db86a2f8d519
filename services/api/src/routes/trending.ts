import { TRENDING_WINDOWS } from "@cinelake/contracts";
import { ALL_FILMS, type TrendingEntry } from "@cinelake/ranking";
import { z } from "zod";
import { listedFilm, loadedFilms, position, type ApiContext } from "../context.ts";
import { afterParameter, kParameter, textParameter } from "../http/parameters.ts";
import { problemResponse } from "../http/problem.ts";
import { REACHED_HEADER, type ApiServer } from "../http/server.ts";
import { trendingShape } from "../http/shapes.ts";
import { isListed } from "../recommender.ts";
import { genreNamed } from "./genres.ts";

/** GET /trending. */
export function trendingRoutes(app: ApiServer, context: ApiContext): void {
  app.get(
    "/trending",
    {
      schema: {
        summary: "What trends now",
        description:
          "Live entries first. `source: history` marks films that stand in for live events from the end of the imported history.",
        tags: ["trending"],
        querystring: z.object({
          k: kParameter,
          genre: textParameter("Only films of this genre.", 100).optional(),
          window: z.enum(TRENDING_WINDOWS, `must be one of ${TRENDING_WINDOWS.join(", ")}`).default("24h"),
          after: afterParameter,
        }),
        response: { 200: trendingShape, ...problemResponse },
      },
    },
    async (request, reply) => {
      const { k, window, after } = request.query;
      const films = loadedFilms(context.catalogue);
      const genre = genreNamed(films, request.query.genre);
      const list = after
        ? await context.trending.getAfter(window, position(after), context.config.afterWaitMs)
        : await context.trending.get(window);
      if ("reached" in list) reply.header(REACHED_HEADER, String(list.reached));
      const entries = (list.publication?.lists[genre ?? ALL_FILMS] ?? []).filter(({ movie_id }) =>
        isListed(films, movie_id),
      );
      const shown = entries.length > 0 ? entries.slice(0, k) : popularEntries(context, genre, k);
      return {
        items: shown.map((entry) => ({ ...listedFilm(films, entry.movie_id), ...entry })),
        window,
        genre: genre ?? null,
        computed_at: list.publication?.computed_at ?? null,
        stale: list.stale,
      };
    },
  );
}

/** The most rated films, for when nothing is known of what trends. */
function popularEntries({ models, catalogue }: ApiContext, genre: string | undefined, k: number): TrendingEntry[] {
  const model = models.current();
  const films = catalogue.films();
  const order = model
    ? Array.from(model.space.popularOrder, (row) => ({
        movieId: model.space.movieIds[row]!,
        score: model.space.popularity[row]!,
      }))
    : films.listed.map(({ film }) => ({ movieId: film.movie_id, score: 0 }));
  return order
    .filter(({ movieId }) => isListed(films, movieId))
    .filter(({ movieId }) => genre === undefined || films.byId.get(movieId)!.genres.includes(genre))
    .slice(0, k)
    .map(({ movieId, score }) => ({ movie_id: movieId, score, recent: 0, baseline: 0, users: 0, source: "history" }));
}
