import { z } from "zod";
import type { ApiContext } from "../context.ts";
import { problem, problemResponse } from "../http/problem.ts";
import type { ApiServer } from "../http/server.ts";
import { readiness } from "../readiness.ts";

/** GET /, /health, /ready and /metrics. */
export function operationRoutes(app: ApiServer, context: ApiContext): void {
  app.get(
    "/",
    {
      schema: {
        summary: "Where things are",
        tags: ["operations"],
        response: {
          200: z.object({ name: z.string(), docs: z.string(), openapi: z.string(), try: z.array(z.string()) }),
          ...problemResponse,
        },
      },
    },
    async () => ({
      name: "Cinelake",
      docs: "/docs",
      openapi: "/openapi.json",
      try: ["/recommendations/1?k=10", "/trending?k=10", "/movies?query=toy%20story"],
    }),
  );

  app.get(
    "/health",
    {
      schema: {
        summary: "Whether the process lives",
        tags: ["operations"],
        response: { 200: z.object({ status: z.literal("ok") }), ...problemResponse },
      },
    },
    async () => ({ status: "ok" as const }),
  );

  app.get(
    "/ready",
    {
      schema: {
        summary: "Whether requests should be sent here",
        description:
          "503 until the catalogue is loaded, the event log is read and the promoted model, if there is one, is in place.",
        tags: ["operations"],
        response: {
          200: z.object({
            status: z.literal("ready"),
            model_version: z.string().nullable(),
            films: z.int(),
            catalogue_version: z.int(),
          }),
          ...problemResponse,
        },
      },
    },
    async () => {
      const missing = readiness(context);
      if (missing.length > 0) throw problem("not_ready", missing.join("; "), { missing });
      const films = context.catalogue.films();
      return {
        status: "ready" as const,
        model_version: context.models.current()?.version ?? null,
        films: films.byId.size,
        catalogue_version: films.version,
      };
    },
  );

  app.get(
    "/metrics",
    {
      schema: {
        summary: "Metrics for Prometheus",
        tags: ["operations"],
        response: {
          200: { description: "Text format", content: { "text/plain": { schema: z.string() } } },
          ...problemResponse,
        },
      },
    },
    async (_request, reply) => {
      const { metrics } = context.ports;
      return reply
        .type(metrics.contentType)
        .serializer(String)
        .send(await metrics.text());
    },
  );
}
