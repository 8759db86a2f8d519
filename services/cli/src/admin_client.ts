import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import { CinelakeError } from "@cinelake/contracts";
import type { CommandMessage, CommandRequest } from "./admin_protocol.ts";
import type { CommandResult } from "./command.ts";
import type { ProgressView } from "./terminal.ts";

/** Runs a command in the process that listens on `socketPath`. Fails with `data_dir_in_use` if nobody does. */
export async function runRemotely(
  socketPath: string,
  asked: CommandRequest,
  view: { readonly progress: ProgressView; readonly line: (text: string) => void; readonly signal: AbortSignal },
): Promise<CommandResult> {
  const call = request({ socketPath, path: "/commands", method: "POST", signal: view.signal });
  call.end(JSON.stringify(asked));
  const [response] = (await once(call, "response").catch((error: unknown) => {
    throw new CinelakeError(
      "data_dir_in_use",
      "the data directory has a live owner that takes no commands (yet); try again",
      { cause: error },
    );
  })) as [IncomingMessage];
  for await (const text of createInterface({ input: response })) {
    const message = JSON.parse(text) as CommandMessage;
    if (message.type === "line") view.line(message.text);
    else if (message.type === "progress") view.progress.progress(message.progress);
    else if (message.type === "finished") view.progress.finished(message.name, message.milliseconds, message.failed);
    else if (message.type === "error") throw new CinelakeError(message.code, message.message);
    else return message.result;
  }
  throw new CinelakeError("aborted", "the process that ran the command ended before it was done; run it again");
}
