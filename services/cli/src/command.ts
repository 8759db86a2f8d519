import type { Writable } from "node:stream";
import type { Configuration, House, RunStep } from "@cinelake/all_in_one";

/** One option of a command. `path` is made absolute where the command is typed; addresses (http:, https:, file:) stay as they are. */
export interface OptionSpec {
  readonly type: "string" | "path" | "integer" | "boolean";
  readonly description: string;
  /** Environment variable that stands in for the option. */
  readonly env?: string;
  readonly default?: string | number | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly choices?: readonly string[];
  /** May be given several times; the value is then a list. Of type string only. */
  readonly multiple?: boolean;
  /** Must be given. */
  readonly required?: boolean;
}

export type OptionValue = string | number | boolean | readonly string[] | undefined;
/** Values by option name; positional arguments under `arguments`. */
export type OptionValues = Readonly<Record<string, OptionValue>>;

/** What a command has to say: `json` for --json (keys are printed in snake_case; undefined prints nothing), `text` for people. */
export interface CommandResult {
  readonly json: unknown;
  readonly text: string;
  readonly exitCode?: number;
}

export interface CommandContext {
  readonly options: OptionValues;
  readonly house: House;
  readonly step: RunStep;
  /** A line of output before the result (streams of rows). */
  readonly line: (text: string) => void;
  readonly signal: AbortSignal;
  /** All commands, for an owner that runs them for others. */
  readonly commands: readonly Command[];
}

/** What a command works with that needs no data directory. */
export interface LoneContext {
  readonly options: OptionValues;
  readonly configuration: Configuration;
  /** Standard output, for a command that streams. */
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly signal: AbortSignal;
}

interface CommandLine {
  readonly name: string;
  readonly summary: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Names of positional arguments, in order; a trailing `?` makes one optional, `...` on the last takes any number. */
  readonly arguments?: readonly string[];
  /** What is wrong with options that are each right by themselves, in one line. */
  readonly check?: (options: OptionValues) => string | undefined;
}

/**
 * A command that works on an open house: its own, or, where a live process owns the data directory, that
 * process's: the command then runs there and its output comes back over the admin socket.
 */
interface HouseCommand extends CommandLine {
  /** Stays alive as the owner of the data directory (demo, serve): never forwarded to another owner over the admin socket. */
  readonly owns?: boolean;
  readonly run: (context: CommandContext) => Promise<CommandResult>;
}

/** A command that always runs where it is typed, and takes no data directory for its own: what it works on can be shared by processes. */
export interface LoneCommand extends CommandLine {
  readonly runAlone: (context: LoneContext) => Promise<CommandResult>;
}

/** A command of `./cinelake`. */
export type Command = HouseCommand | LoneCommand;
