import { loadConfiguration, openHouse, readOwner, stepRunner, type Configuration } from "@cinelake/all_in_one";
import { findError, withSnakeCaseKeys, type CinelakeError } from "@cinelake/contracts";
import { exitCodeOf } from "@cinelake/runtime";
import { runRemotely } from "./admin_client.ts";
import { parseCommandLine, UsageError, type ParsedCommandLine } from "./arguments.ts";
import type { CommandResult } from "./command.ts";
import { commands } from "./commands/index.ts";
import { progressView } from "./terminal.ts";

export interface Invocation {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

/**
 * One `./cinelake` invocation; gives the exit code: 0 done, 1 failed (one line on stderr says why), 2 wrong usage, 130 interrupted.
 * Results go to stdout, progress and errors to stderr.
 */
export async function runCommandLine(invocation: Invocation): Promise<number> {
  const { argv, env, stdout, stderr, signal } = invocation;
  stdout.on("error", () => undefined);
  try {
    const parsed = parseCommandLine(commands, argv, env);
    if ("help" in parsed) {
      stdout.write(`${parsed.help}\n`);
      return 0;
    }
    const result = await execute(parsed, loadConfiguration(env), invocation);
    if (parsed.json && result.json !== undefined) stdout.write(`${JSON.stringify(withSnakeCaseKeys(result.json))}\n`);
    else if (!parsed.json && result.text !== "") stdout.write(`${result.text}\n`);
    return result.exitCode ?? 0;
  } catch (error) {
    if (signal.aborted) return 130;
    const known = findError(error);
    stderr.write(`cinelake: ${known ? describe(known) : unexpected(error)}\n`);
    if (env.LOG_LEVEL === "debug") stderr.write(`${(error as Error).stack}\n`);
    return exitCodeOf(error);
  }
}

async function execute(
  parsed: ParsedCommandLine,
  configuration: Configuration,
  invocation: Invocation,
): Promise<CommandResult> {
  const { command, options } = parsed;
  const { signal, stdout, stderr } = invocation;
  if ("runAlone" in command) return command.runAlone({ options, configuration, stdout, signal });
  const view = progressView(stderr, { quiet: command.owns !== true });
  const line = (text: string): void => void stdout.write(`${text}\n`);
  try {
    await using house = await openHouse(configuration);
    return await command.run({ options, house, signal, line, commands, step: stepRunner(view) });
  } catch (error) {
    const owner = readOwner(configuration.dataDirectory);
    const busy = findError(error, "data_dir_in_use");
    if (!busy || !owner || command.owns || owner.pid === process.pid) throw error;
    return runRemotely(owner.socketPath, { command: command.name, options }, { progress: view, line, signal });
  }
}

/** A mistake on the command line needs no code. */
function describe(error: CinelakeError): string {
  return error instanceof UsageError ? error.message : `${error.message} [${error.code}]`;
}

function unexpected(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `${message.split("\n")[0]} [internal]; LOG_LEVEL=debug tells more`;
}
