import { NO_SPAN, type Metrics, type Span, type Tracing } from "@cinelake/runtime";
import type { FastifyInstance } from "fastify";

declare module "fastify" {
  interface FastifyRequest {
    /** What traces tell of the request. */
    span: Span;
    /** Whether it is logged although nothing is wrong with it. */
    isLogged: boolean;
  }
}

const SLOW_MS = 1000;
/** Routes that machines ask every few seconds: traces of them tell nothing. */
const PROBES = new Set(["/health", "/ready", "/metrics"]);

export interface WatchOptions {
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  /** Share of requests that are logged, 0..1. */
  readonly logSample: number;
}

/**
 * Times every request by its route's pattern, answers with its id, and traces it as a part of the caller's trace. Logs all slow ones, all
 * our failures, all whose trace is sampled, and a sample of the others, chosen when the request comes.
 */
export function watchRequests(app: FastifyInstance, { metrics, tracing, logSample }: WatchOptions): void {
  const duration = metrics.histogram("cinelake_http_request_duration_seconds");
  const inFlight = metrics.gauge("cinelake_http_requests_in_flight");
  app.decorateRequest("span");
  app.decorateRequest("isLogged", false);
  app.addHook("onRequest", async (request, reply) => {
    inFlight.add(1);
    reply.header("x-request-id", request.id);
    const { method } = request;
    const route = request.routeOptions.url ?? "unknown";
    request.span = PROBES.has(route)
      ? NO_SPAN
      : tracing.begin(`${method} ${route}`, {
          kind: "server",
          parent: parentOf(request.headers["traceparent"]),
          attributes: { "http.request.method": method, "http.route": route, correlation_id: request.id },
        });
    request.isLogged = request.span.sampled || Math.random() < logSample;
  });
  app.addHook("onResponse", async (request, reply) => {
    inFlight.add(-1);
    const { method, span } = request;
    const { statusCode: status, elapsedTime } = reply;
    const route = request.routeOptions.url ?? "unknown";
    duration.observe({ method, route, status }, elapsedTime / 1000);
    span.set({ "http.response.status_code": status });
    span.end(status >= 500 ? `answered ${status}` : undefined);
    const isWorthALine = status >= 500 || elapsedTime >= SLOW_MS;
    if (!isWorthALine && !request.isLogged) return;
    const trace = span.sampled ? { trace_id: span.traceparent?.split("-")[1] } : {};
    const line = { method, route, status, ms: Math.round(elapsedTime * 10) / 10, ...trace };
    request.log[isWorthALine ? "warn" : "info"](line, "request answered");
  });
}

function parentOf(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" ? header : undefined;
}
