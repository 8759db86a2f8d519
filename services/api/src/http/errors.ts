import { findError, type CinelakeError } from "@cinelake/contracts";
import type { FastifyError, FastifyInstance } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { problem, sendProblem } from "./problem.ts";

/**
 * Makes every failure a problem: those thrown on purpose by their code, the framework's by what the caller did wrong, anything else
 * an `internal` without details (they are logged).
 */
export function handleErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const known = toCinelakeError(error);
    if (known) return sendProblem(reply, known);
    request.log.error({ err: error, url: request.url }, "request failed");
    return sendProblem(reply, problem("internal", `Unexpected failure; the log has it under request ${request.id}`));
  });
}

/** What the caller should know of an error; undefined if it is nobody's fault but ours. */
function toCinelakeError(error: FastifyError): CinelakeError | undefined {
  const own = findError(error);
  if (own) return own;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const first = error.validation[0]!;
    const where = parameterName(first.instancePath, error.validationContext);
    return problem("invalid_argument", `${where}: ${first.message}`, { parameter: where });
  }
  switch (error.code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return problem("payload_too_large", "The body is larger than this route takes; send less at once");
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
    case "FST_ERR_CTP_INVALID_TYPE":
      return problem("unsupported_media_type", "Send JSON with the header content-type: application/json");
    case "FST_ERR_CTP_EMPTY_JSON_BODY":
      return problem("invalid_json", "The body is empty; send JSON");
    case "FST_ERR_CTP_INVALID_JSON_BODY":
      return problem("invalid_json", "The body is not JSON, or it names __proto__ or constructor");
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return problem("invalid_argument", "The body's length is not what content-length says", {
        parameter: "content-length",
      });
    default:
  }
  if (error instanceof SyntaxError && error.statusCode === 400) return problem("invalid_json", "The body is not JSON");
  if (error.statusCode === 503) return problem("not_ready", "The service is stopping");
  const { statusCode = 500 } = error;
  return statusCode >= 400 && statusCode < 500 ? problem("invalid_argument", "The request cannot be read") : undefined;
}

function parameterName(instancePath: string, context: string | undefined): string {
  const path = instancePath.replace(/^\/+/, "").replaceAll("/", ".");
  return path === "" ? (context ?? "request") : path;
}
