import type { Metrics } from "@cinelake/runtime";
import type { FastifyInstance } from "fastify";

const SLOW_MS = 1000;

/** Times every request by its route's pattern, answers with its id, and logs a sample, all slow ones and all our failures. */
export function watchRequests(app: FastifyInstance, options: { metrics: Metrics; logSample: number }): void {
  const duration = options.metrics.histogram("cinelake_http_request_duration_seconds");
  const inFlight = options.metrics.gauge("cinelake_http_requests_in_flight");
  app.addHook("onRequest", async (request, reply) => {
    inFlight.add(1);
    reply.header("x-request-id", request.id);
  });
  app.addHook("onResponse", async (request, reply) => {
    inFlight.add(-1);
    const { method } = request;
    const { statusCode: status, elapsedTime } = reply;
    const route = request.routeOptions.url ?? "unknown";
    duration.observe({ method, route, status }, elapsedTime / 1000);
    if (status >= 500 || elapsedTime >= SLOW_MS || Math.random() < options.logSample) {
      request.log.info({ method, route, status, ms: Math.round(elapsedTime * 10) / 10 }, "request answered");
    }
  });
}
