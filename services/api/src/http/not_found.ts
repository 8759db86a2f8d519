import type { FastifyInstance } from "fastify";
import { problem, sendProblem } from "./problem.ts";

/** Tells an unknown path (404) from a known one asked with another method (405 with `Allow`). Call before the routes are added. */
export function handleUnknownRoutes(app: FastifyInstance): void {
  const routes: { pattern: RegExp; methods: string[] }[] = [];
  app.addHook("onRoute", ({ url, method }) => {
    routes.push({ pattern: patternOf(url), methods: [method].flat() });
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split("?", 1)[0]!;
    const allowed = new Set(routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods));
    if (allowed.size === 0) return sendProblem(reply, problem("not_found", "There is nothing at this path; see /docs"));
    reply.header("allow", [...allowed].sort().join(", "));
    return sendProblem(reply, problem("method_not_allowed", `This path takes ${[...allowed].sort().join(", ")}`));
  });
}

function patternOf(url: string): RegExp {
  const parts = url.split("/").map((part) => {
    if (part.startsWith(":")) return "[^/]+";
    return part === "*" ? ".*" : part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);
  });
  return new RegExp(`^${parts.join("/")}/?$`);
}
