import { chmod } from "node:fs/promises";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { stepRunner, type House } from "@cinelake/all_in_one";
import { CinelakeError, findError } from "@cinelake/contracts";
import type { Service } from "@cinelake/runtime";
import type { CommandMessage, CommandRequest } from "./admin_protocol.ts";
import type { Command } from "./command.ts";

const MAX_REQUEST_BYTES = 16 * 1024 * 1024;

/**
 * Runs the commands of other processes in the process that owns the data directory. Listens on a local socket that only its
 * user may open; a caller that goes away aborts its command.
 */
export function createAdminServer(house: House, socketPath: string, commands: readonly Command[]): Service {
  let server: Server | undefined;
  return {
    name: "admin",
    async start() {
      if (server) return;
      server = createServer((request, response) => void answer(house, commands, request, response));
      server.listen(socketPath);
      await once(server, "listening");
      if (process.platform !== "win32") await chmod(socketPath, 0o600);
    },
    async stop() {
      const closing = server;
      server = undefined;
      if (!closing) return;
      closing.closeAllConnections();
      await new Promise((resolve) => closing.close(resolve));
    },
    health: async () => (server?.listening ? undefined : "the admin socket is not open"),
  };
}

async function answer(
  house: House,
  commands: readonly Command[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const abort = new AbortController();
  response.on("close", () => abort.abort());
  const send = (message: CommandMessage): void => void response.write(`${JSON.stringify(message)}\n`);
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  try {
    const asked = await readRequest(request);
    const command = commands.find((each) => each.name === asked.command);
    if (!command || !("run" in command) || command.owns)
      throw new CinelakeError("not_found", `the running process does not know the command ${asked.command}`);
    const result = await command.run({
      options: asked.options,
      house,
      commands,
      signal: abort.signal,
      line: (text) => send({ type: "line", text }),
      step: stepRunner({
        progress: (progress) => send({ type: "progress", progress }),
        finished: (name, milliseconds, failed) => send({ type: "finished", name, milliseconds, failed }),
      }),
    });
    send({ type: "result", result });
  } catch (error) {
    const known = findError(error);
    if (!known) house.logger.error({ err: error }, "a command failed");
    send({
      type: "error",
      code: known?.code ?? "internal",
      message: known?.message ?? "the command failed; see the owner's log",
    });
  } finally {
    response.end();
  }
}

async function readRequest(request: IncomingMessage): Promise<CommandRequest> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_REQUEST_BYTES) throw new CinelakeError("payload_too_large", "the command is too large");
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString("utf8")) as CommandRequest;
}
