import { once } from "node:events";
import { createPlatform } from "@cinelake/all_in_one";
import { composeServices } from "@cinelake/runtime";
import { createAdminServer } from "../admin_server.ts";
import type { Command, CommandContext } from "../command.ts";

/** Runs the live services until the signal; `started` is told the API's address. */
export async function serve(
  { house, signal, commands }: CommandContext,
  started: (address: string) => void,
): Promise<void> {
  const platform = createPlatform(house);
  const services = composeServices("cinelake", [platform, createAdminServer(house, house.owner.socketPath, commands)]);
  try {
    await services.start();
    started(platform.address());
    if (!signal.aborted) await once(signal, "abort");
  } finally {
    await services.stop();
  }
}

export const serveCommand: Command = {
  name: "serve",
  summary: "Serves what DATA_DIR holds: the API, the stream consumer, trending.",
  options: {},
  owns: true,
  async run(context) {
    await serve(context, (address) =>
      context.line(`Cinelake serves ${address} (documentation at ${address}/docs); Ctrl-C stops it`),
    );
    return { json: { stopped: true }, text: "stopped" };
  },
};
