import type { FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from "fastify";
import { createBudget } from "../budget.ts";

export interface BodyIntake {
  /** Most bytes of bodies between a request's head and its answer; one request is always let in. */
  readonly bytes: number;
  /** Largest body that is read: what one of unknown length is taken for. */
  readonly bodyLimit: number;
  /** The error for a request that is refused. */
  readonly refused: () => Error;
}

/**
 * A hook that refuses requests by the length they announce, before any of their body is read, while the bodies of others fill the
 * budget. A body too large for the route takes nothing: it is not read either.
 */
export function bodyIntake({ bytes, bodyLimit, refused }: BodyIntake): onRequestAsyncHookHandler {
  const budget = createBudget(bytes);
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const announced = Number(request.headers["content-length"] ?? bodyLimit);
    const length = announced <= bodyLimit ? announced : 0;
    if (!budget.fits(length)) throw refused();
    budget.take(length);
    reply.raw.once("close", () => budget.give(length));
  };
}
