import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { composeServices } from "./compose_services.ts";
import { reportServiceHealth, serviceHealth } from "./health.ts";
import { collectProcessMetrics, type Metrics } from "./metrics.ts";
import type { Service } from "./service.ts";

/** Settings of the monitor, for the configuration schema of a service that has no HTTP of its own. */
export const monitorSettings = {
  metricsHost: z.string().default("127.0.0.1").describe("Address on which a service without an API is looked at."),
  metricsPort: z
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe("Port of its GET /metrics, /health and /ready; 0 takes a free one. Without it there are none."),
};

export interface MonitorOptions {
  readonly metricsHost: string;
  /** Undefined: there is nothing to look at. */
  readonly metricsPort?: number;
}

export interface Monitor extends Service {
  /** Where it listens, such as `http://127.0.0.1:9464`; undefined while it does not. */
  address(): string | undefined;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** A service of a process of its own with a monitor before it, and with the metrics that every process has. */
export function monitored(service: Service, metrics: Metrics, options: MonitorOptions): Service {
  collectProcessMetrics(metrics);
  reportServiceHealth(metrics, [service]);
  return composeServices(service.name, [createMonitor({ metrics, watched: [service] }, options), service]);
}

/**
 * What others see of services that have no HTTP of their own. GET /metrics is for Prometheus; GET /health answers while the process lives;
 * GET /ready is 200 while all of them are well, else 503 with what is wrong. Nothing else is answered, and no body is read. Compose it
 * before what it watches, so that a start that takes long can be seen.
 */
export function createMonitor(
  { metrics, watched }: { readonly metrics: Metrics; readonly watched: readonly Service[] },
  { metricsHost, metricsPort }: MonitorOptions,
): Monitor {
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => void answer(request, response));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, type, body } = await answerTo(request, metrics, watched);
    response.writeHead(status, { "content-type": type }).end(request.method === "HEAD" ? undefined : body);
  }

  return {
    name: "monitor",
    async start() {
      if (metricsPort === undefined || server.listening) return;
      server.listen(metricsPort, metricsHost);
      await once(server, "listening");
    },
    async stop() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
    health: async () => undefined,
    address() {
      const { address, port, family } = (server.address() as AddressInfo | null) ?? {};
      return port === undefined ? undefined : `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
    },
  };
}

async function answerTo(
  { method, url }: IncomingMessage,
  metrics: Metrics,
  watched: readonly Service[],
): Promise<Answer> {
  if (method !== "GET" && method !== "HEAD") return json(405, { error: "only GET is answered" });
  try {
    switch (url?.split("?", 1)[0]) {
      case "/metrics":
        return { status: 200, type: metrics.contentType, body: await metrics.text() };
      case "/health":
        return json(200, { status: "ok" });
      case "/ready": {
        const problem = await serviceHealth(watched);
        return problem === undefined ? json(200, { status: "ready" }) : json(503, { status: "not_ready", problem });
      }
    }
  } catch (error) {
    return json(500, { error: error instanceof Error ? error.message : "failed" });
  }
  return json(404, { error: "there are /metrics, /health and /ready" });
}

function json(status: number, value: unknown): Answer {
  return { status, type: "application/json", body: `${JSON.stringify(value)}\n` };
}
