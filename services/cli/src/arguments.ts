import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { CinelakeError } from "@cinelake/contracts";
import type { Command, OptionSpec, OptionValue, OptionValues } from "./command.ts";

export interface ParsedCommandLine {
  readonly command: Command;
  readonly options: OptionValues;
  readonly json: boolean;
}

/** What was typed cannot be meant: one clear line, exit code 2. */
export class UsageError extends CinelakeError {
  constructor(message: string) {
    super("invalid_argument", message);
  }
}

const COMMON = { json: { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;

/** Reads a command line, or gives the help text that was asked for. Options come from the line, then the environment, then defaults. */
export function parseCommandLine(
  commands: readonly Command[],
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ParsedCommandLine | { readonly help: string } {
  const [first, ...rest] = argv;
  if (first === undefined || first === "--help" || first === "-h" || first === "help")
    return { help: overview(commands) };
  const twoWords = commands.find((each) => each.name === `${first} ${rest[0] ?? ""}`);
  const command = twoWords ?? commands.find((each) => each.name === first);
  if (!command) throw new UsageError(`unknown command: ${first}; ./cinelake --help lists the commands`);
  const { values, positionals } = tokens(command, twoWords ? rest.slice(1) : rest);
  if (values.help === true) return { help: usage(command) };
  const options: Record<string, OptionValue> = {};
  for (const [name, spec] of Object.entries(command.options)) {
    const fromEnv = spec.env === undefined ? undefined : env[spec.env];
    const raw = values[name] ?? (fromEnv === "" ? undefined : fromEnv);
    if (Array.isArray(raw)) options[name] = raw.map((each) => String(optionValue(name, spec, each)));
    else options[name] = raw === undefined ? spec.default : optionValue(name, spec, raw);
    if (spec.required && options[name] === undefined) throw new UsageError(`${command.name}: --${name} is missing`);
  }
  options.arguments = checkPositionals(command, positionals);
  const wrong = command.check?.(options);
  if (wrong !== undefined) throw new UsageError(`${command.name}: ${wrong}`);
  return { command, options, json: values.json === true };
}

function tokens(command: Command, args: readonly string[]): { values: Record<string, unknown>; positionals: string[] } {
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, spec]) => [
      name,
      { type: spec.type === "boolean" ? "boolean" : "string", multiple: spec.multiple === true } as const,
    ]),
  );
  try {
    return parseArgs({ args: [...args], options: { ...options, ...COMMON }, allowPositionals: true, strict: true });
  } catch (error) {
    const message = (error as Error).message.split(/[.\n]/)[0] ?? "";
    throw new UsageError(`${command.name}: ${message}; ./cinelake ${command.name} --help lists the options`);
  }
}

function optionValue(name: string, spec: OptionSpec, raw: unknown): OptionValue {
  const text = String(raw);
  switch (spec.type) {
    case "boolean":
      if (raw === true || /^(1|true|yes)$/i.test(text)) return true;
      if (/^(0|false|no)$/i.test(text)) return false;
      throw new UsageError(`--${name} takes 1 or 0, not ${text}`);
    case "integer": {
      const value = Number(text);
      const [minimum, maximum] = [spec.minimum ?? 0, spec.maximum ?? Number.MAX_SAFE_INTEGER];
      if (!/^-?\d+$/.test(text) || value < minimum || value > maximum) {
        throw new UsageError(`--${name} takes a whole number from ${minimum} to ${maximum}, not ${text}`);
      }
      return value;
    }
    case "path":
      return /^[a-z][a-z0-9+.-]+:/i.test(text) ? text : resolve(text);
    case "string":
      if (spec.choices && !spec.choices.includes(text)) {
        throw new UsageError(`--${name} takes ${spec.choices.join(", ")}, not ${text}`);
      }
      return text;
  }
}

function checkPositionals(command: Command, given: readonly string[]): readonly string[] {
  const names = command.arguments ?? [];
  const missing = names[given.length];
  if (missing !== undefined && !/\?$|\.\.\.$/.test(missing))
    throw new UsageError(`${command.name}: ${missing} is missing`);
  if (given.length > names.length && !names.at(-1)?.endsWith("..."))
    throw new UsageError(`${command.name}: unexpected argument ${given[names.length]}`);
  return given;
}

function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((each) => each.name.length)) + 2;
  const lines = commands.map((each) => `  ${each.name.padEnd(width)}${each.summary}`);
  return `Usage: ./cinelake COMMAND [OPTIONS]\n\n${lines.join("\n")}\n\nEvery command takes --json and --help. DATA_DIR (default .data) says where the data are.`;
}

function usage(command: Command): string {
  const positionals = (command.arguments ?? [])
    .map((name) => (/\?$|\.\.\.$/.test(name) ? ` [${name.replace("?", "")}]` : ` ${name}`))
    .join("");
  const lines = Object.entries(command.options).map(([name, spec]) => {
    const value = spec.type === "boolean" ? "" : ` ${spec.type === "integer" ? "N" : spec.type.toUpperCase()}`;
    const notes = [
      spec.required && "required",
      spec.multiple && "may be repeated",
      spec.choices && `one of ${spec.choices.join(", ")}`,
      spec.default !== undefined && `default ${spec.default}`,
      spec.env && `or ${spec.env}=`,
    ].filter(Boolean);
    return `  --${`${name}${value}`.padEnd(22)}${spec.description}${notes.length > 0 ? ` (${notes.join("; ")})` : ""}`;
  });
  const options = [
    "Options:",
    ...lines,
    `  --${"json".padEnd(22)}print the result as JSON`,
    `  --${"help".padEnd(22)}this text`,
  ];
  return `Usage: ./cinelake ${command.name}${positionals} [OPTIONS]\n\n${command.summary}\n\n${options.join("\n")}`;
}
