import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { listForInteractions, listForUser, waitForUsers, type ApiContext } from "../context.ts";
import { afterParameter, excludeParameter, idParameter, kParameter, optionalIdParameter } from "../http/parameters.ts";
import { problemResponse } from "../http/problem.ts";
import { recordHeaders, type RecordHeaders } from "../http/record_headers.ts";
import { recommendationsShape } from "../http/shapes.ts";
import { REACHED_HEADER, type ApiServer } from "../http/server.ts";
import type { Interaction } from "@cinelake/ranking";

const MAX_LISTED = 1000;
const films = (description: string) =>
  z.array(z.int().min(1)).max(MAX_LISTED, `must have at most ${MAX_LISTED} films`).default([]).describe(description);

const query = { k: kParameter, after: afterParameter, exclude: excludeParameter };
const response = { 200: recommendationsShape, ...problemResponse };

/** GET /recommendations/{user_id}, GET and POST /recommendations. */
export function recommendationRoutes(app: ApiServer, context: ApiContext): void {
  app.get(
    "/recommendations/:user_id",
    {
      schema: {
        summary: "Films for a user",
        description:
          "The user's history and events up to now, blended with what trends. Rated films are never in the list. An unknown user gets trending and popular films.",
        tags: ["recommendations"],
        params: z.object({ user_id: idParameter("The user.") }),
        querystring: z.object(query),
        response,
      },
    },
    async (request, reply) => {
      const { k, after, exclude } = request.query;
      const reached = await waitForUsers(context, after);
      if (reached !== undefined) reply.header(REACHED_HEADER, String(reached));
      return listForUser(context, request.params.user_id, { k, excluded: exclude, exposed: exposedTo(request) });
    },
  );

  app.get(
    "/recommendations",
    {
      schema: {
        summary: "Films for a user, or for anybody",
        description: "Without `user_id`: trending and popular films.",
        tags: ["recommendations"],
        querystring: z.object({ user_id: optionalIdParameter("The user."), ...query }),
        response,
      },
    },
    async (request, reply) => {
      const { user_id, k, after, exclude } = request.query;
      const reached = await waitForUsers(context, after);
      if (reached !== undefined) reply.header(REACHED_HEADER, String(reached));
      return listForUser(context, user_id, { k, excluded: exclude, exposed: exposedTo(request) });
    },
  );

  app.post(
    "/recommendations",
    {
      schema: {
        summary: "Films for somebody without an account",
        description: "For what was liked and disliked in this visit; nothing of it is stored.",
        tags: ["recommendations"],
        body: z.strictObject({
          liked: films("Films that are liked."),
          disliked: films("Films that are not."),
          excluded: films("Films to leave out."),
          k: z.int().min(1).max(500).default(10).describe("How many, 1 to 500."),
        }),
        response,
      },
    },
    async (request) => {
      const { liked, disliked, excluded, k } = request.body;
      const ts = context.now();
      const interactions: Interaction[] = [
        ...liked.map((movieId) => ({ kind: "rating", movieId, ts, stars: 5 }) as const),
        ...disliked.map((movieId) => ({ kind: "not_interested", movieId, ts }) as const),
      ];
      return listForInteractions(context, interactions, { k, excluded });
    },
  );
}

/** Probes say so, that their lists are not taken for exposures; a HEAD shows nobody anything. */
function exposedTo(request: FastifyRequest): RecordHeaders | undefined {
  const isInternal = request.method === "HEAD" || request.headers["x-cinelake-internal"] === "1";
  return isInternal ? undefined : recordHeaders(request);
}
