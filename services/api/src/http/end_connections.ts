import type { FastifyInstance } from "fastify";

/**
 * Ends every connection with the last answer on it once the server closes. Node closes those that are idle at that moment; one that is
 * being answered would be kept open for a next request, and the close would wait for it. After `graceMs` all are cut, also those
 * whose request has not arrived: nothing on them was acknowledged.
 */
export function endConnectionsOnClose(app: FastifyInstance, graceMs: number): void {
  let closing = false;
  app.addHook("preClose", async () => {
    closing = true;
    const grace = setTimeout(() => app.server.closeAllConnections(), graceMs).unref();
    app.server.once("close", () => clearTimeout(grace));
  });
  app.addHook("onSend", async (_request, reply) => {
    if (closing) reply.header("connection", "close");
  });
  app.addHook("onResponse", async () => {
    if (closing) setImmediate(() => app.server.closeIdleConnections());
  });
}
