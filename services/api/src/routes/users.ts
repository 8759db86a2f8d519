import { z } from "zod";
import { listedFilm, waitForUsers, type ApiContext } from "../context.ts";
import { afterParameter, idParameter, kParameter } from "../http/parameters.ts";
import { problemResponse } from "../http/problem.ts";
import { REACHED_HEADER, type ApiServer } from "../http/server.ts";
import { historyShape } from "../http/shapes.ts";
import { userHistory } from "../user_history.ts";

/** GET /users/{user_id}/history. */
export function userRoutes(app: ApiServer, context: ApiContext): void {
  app.get(
    "/users/:user_id/history",
    {
      schema: {
        summary: "What a user did",
        description:
          "Ratings that the model was trained on and all newer events, newest first; of several ratings of a film the latest. Empty for an unknown user.",
        tags: ["users"],
        params: z.object({ user_id: idParameter("The user.") }),
        querystring: z.object({ k: kParameter, after: afterParameter }),
        response: { 200: historyShape, ...problemResponse },
      },
    },
    async (request, reply) => {
      const { user_id } = request.params;
      const reached = await waitForUsers(context, request.query.after);
      if (reached !== undefined) reply.header(REACHED_HEADER, String(reached));
      const films = context.catalogue.films();
      const trained = context.models.current()?.history(user_id) ?? [];
      const items = userHistory(trained, context.users.recent(user_id))
        .slice(0, request.query.k)
        .map((each) => ({
          ...listedFilm(films, each.movieId),
          kind: each.kind,
          ...(each.kind === "rating" ? { rating: each.stars } : {}),
          event_ts: new Date(each.ts).toISOString(),
        }));
      return { user_id, items };
    },
  );
}
