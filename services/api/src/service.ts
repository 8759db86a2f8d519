import type { AddressInfo } from "node:net";
import type { Service } from "@cinelake/runtime";
import type { FastifyInstance } from "fastify";
import { createApi } from "./app.ts";
import { apiConfigSchema, type ApiSettings } from "./config.ts";
import { problem } from "./http/problem.ts";
import type { ApiPorts } from "./ports.ts";
import { checkPublishedAddress } from "./published_address.ts";

export interface ApiService extends Service {
  /** Where it listens, such as `http://127.0.0.1:8000`. Fails with `not_ready` while it does not. */
  address(): string;
}

/**
 * The API as a service: `start` listens; `stop` takes no more requests, answers those it has and writes what it accepted. Fails with
 * `config_invalid` for an address that others can reach.
 */
export function createApiService(ports: ApiPorts, settings: ApiSettings = {}): ApiService {
  const config = apiConfigSchema.parse(settings);
  checkPublishedAddress(config);
  let app: FastifyInstance | undefined;
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;

  async function start(): Promise<void> {
    app = await createApi(ports, config);
    try {
      await app.listen({ host: config.host, port: config.port });
    } catch (error) {
      await app.close();
      throw error;
    }
  }
  return {
    name: "api",
    start: () => (starting ??= start()),
    stop: () => (stopping ??= (starting ?? Promise.resolve()).catch(() => undefined).then(() => app?.close())),
    async health() {
      if (!app?.server.listening) return "the API is not listening";
      const response = await app.inject("/ready");
      return response.statusCode === 200 ? undefined : (response.json() as { detail: string }).detail;
    },
    address() {
      const address = app?.server.address() as AddressInfo | null | undefined;
      if (!address) throw problem("not_ready", "The API does not listen yet");
      const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
      return `http://${host}:${address.port}`;
    },
  };
}
