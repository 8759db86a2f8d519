import { CinelakeError, ERROR_CODES, type ErrorCode } from "@cinelake/contracts";
import type { FastifyReply } from "fastify";
import { z } from "zod";

export const PROBLEM_TYPE = "application/problem+json";

/** RFC 9457 problem details; `code` is stable (docs/errors.md), `detail` is for a person. */
const problemShape = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().optional(),
    code: z.string(),
  })
  .describe("Problem details (RFC 9457)");

export type Problem = z.output<typeof problemShape>;

/** `response` part of every route's schema for all that is not a success. */
export const problemResponse = {
  default: { description: "Problem details", content: { [PROBLEM_TYPE]: { schema: problemShape } } },
};

/** The problem that an error is for the caller; `details` become extension members. */
export function problemOf(error: CinelakeError, requestId: string | undefined): Problem {
  const { status, title } = ERROR_CODES[error.code];
  return {
    ...error.details,
    type: `urn:cinelake:problem:${error.code}`,
    title,
    status,
    detail: error.message,
    ...(requestId === undefined ? {} : { instance: `urn:cinelake:request:${requestId}` }),
    code: error.code,
  };
}

const RETRY_AFTER_SECONDS = 1;

/** Answers with a problem; a status of 503 says when to come back. */
export function sendProblem(reply: FastifyReply, error: CinelakeError): FastifyReply {
  const problem = problemOf(error, reply.request.id);
  if (problem.status === 503) reply.header("retry-after", String(RETRY_AFTER_SECONDS));
  return reply.code(problem.status).type(PROBLEM_TYPE).send(problem);
}

/** A CinelakeError without ceremony. */
export function problem(code: ErrorCode, message: string, details?: Record<string, unknown>): CinelakeError {
  return new CinelakeError(code, message, details ? { details } : {});
}
