import { CORRELATION_HEADER, TRACEPARENT_HEADER } from "@cinelake/contracts";
import type { Span } from "@cinelake/runtime";
import type { FastifyRequest } from "fastify";

/** Headers of log records, as `NewRecord` has them. */
export type RecordHeaders = Readonly<Record<string, string>>;

/** What ties a record to the request that causes it: the request's id, and `span` (by default the request's) where it is sampled. */
export function recordHeaders(request: FastifyRequest, span: Span = request.span): RecordHeaders {
  const correlation = { [CORRELATION_HEADER]: request.id };
  return span.sampled && span.traceparent !== undefined
    ? { ...correlation, [TRACEPARENT_HEADER]: span.traceparent }
    : correlation;
}
