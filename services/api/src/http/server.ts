import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { refuseUnreadable } from "./unreadable.ts";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import { CORRELATION_HEADER } from "@cinelake/contracts";
import type { Logger } from "@cinelake/runtime";
import {
  fastify,
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from "fastify";
import {
  createJsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from "fastify-type-provider-zod";
import { endConnectionsOnClose } from "./end_connections.ts";
import { handleErrors } from "./errors.ts";
import { handleUnknownRoutes } from "./not_found.ts";
import { problem, sendProblem } from "./problem.ts";
import { watchRequests, type WatchOptions } from "./watch_requests.ts";

export type ApiServer = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** Says of an answer to a request with `after` whether the position was reached in time. */
export const REACHED_HEADER = "x-position-reached";

export interface ServerOptions extends WatchOptions {
  readonly logger: Logger;
  readonly bodyBytes: number;
  /** How long a close waits for requests under way, milliseconds. */
  readonly stopGraceMs: number;
}

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** The HTTP side without routes: ids, limits, problems, metrics, /docs and /openapi.json. Routes go into `addRoutes`. */
export async function createServer(
  options: ServerOptions,
  addRoutes: (app: ApiServer) => void,
): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: options.logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: CORRELATION_HEADER }),
    bodyLimit: options.bodyBytes,
    requestIdHeader: false,
    genReqId: requestId,
    requestTimeout: 30_000,
    keepAliveTimeout: 75_000,
    return503OnClosing: false,
    clientErrorHandler: refuseUnreadable,
    onProtoPoisoning: "error",
    onConstructorPoisoning: "error",
    frameworkErrors: (_error, _request, reply) => {
      void sendProblem(
        reply,
        problem("invalid_argument", "The path is not valid: it has a broken % sequence or is too long"),
      );
    },
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: true },
  });
  app.removeContentTypeParser("text/plain");
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  handleErrors(app);
  handleUnknownRoutes(app);
  watchRequests(app, options);
  endConnectionsOnClose(app, options.stopGraceMs);
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Cinelake",
        version: "1.0.0",
        description:
          "Film recommendations, what trends, the catalogue, and the events that change them. Errors are problem details (RFC 9457) with stable codes.",
      },
    },
    transform: createJsonSchemaTransform({ skipList: ["/openapi.json"] }),
  });
  await app.register(swaggerUi, { routePrefix: "/docs" });
  app.get("/openapi.json", { schema: { hide: true } as object }, async () => app.swagger());
  addRoutes(app.withTypeProvider<ZodTypeProvider>());
  return app;
}

/** The caller's x-request-id if it is fit for logs, else a new one. */
function requestId(request: IncomingMessage): string {
  const given = request.headers["x-request-id"];
  return typeof given === "string" && REQUEST_ID.test(given) ? given : randomUUID();
}
