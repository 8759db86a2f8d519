import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { CinelakeError } from "@cinelake/contracts";
import type { ConfigVariable } from "./config.ts";
import type { Environment } from "./urls.ts";

/**
 * The environment with the file that CONFIG_FILE names laid under it; the environment itself if it names none. Fails with
 * `config_invalid` for a file that cannot be read, and like parseConfigFile.
 */
export function withConfigFile(env: Environment, known: readonly Pick<ConfigVariable, "name">[]): Environment {
  const file = env.CONFIG_FILE?.trim();
  if (!file) return env;
  const set = Object.entries(env).filter(([, value]) => value?.trim());
  return { ...parseConfigFile(readText(file), known, file), ...Object.fromEntries(set) };
}

/**
 * Variables from the text of a file of `NAME=value` lines (comments with #, quotes allowed). Fails with one `config_invalid` that
 * lists the names which `known` does not have; `file` is its name in the message.
 */
export function parseConfigFile(
  text: string,
  known: readonly Pick<ConfigVariable, "name">[],
  file: string,
): Record<string, string> {
  const names = new Set(known.map(({ name }) => name));
  const values = parseEnv(text) as Record<string, string>;
  const unknown = Object.keys(values).filter((name) => !names.has(name));
  if (unknown.length === 0) return values;
  const message = `${file}: there is no variable ${unknown.join(", ")}; see docs/configuration.md`;
  throw new CinelakeError("config_invalid", message, { details: { unknown } });
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const message = `CONFIG_FILE ${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new CinelakeError("config_invalid", message, { cause });
  }
}
