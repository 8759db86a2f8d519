import { pino, type DestinationStream, type Logger } from "pino";
import { prettyLine } from "./pretty_line.ts";

export type { Logger } from "pino";

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LoggerOptions {
  /** Named in every line. */
  readonly service: string;
  /** Default info. */
  readonly level?: LogLevel;
  /** Lines for people; without it lines are JSON. Default: whether standard error is a terminal. */
  readonly pretty?: boolean;
  /** Where lines go; default standard error, so that results keep standard output for themselves. */
  readonly destination?: DestinationStream;
}

/**
 * A logger that has written each line when the call returns. Passwords, keys and tokens that lie under those names, one level deep,
 * are masked.
 */
export function createLogger({ service, level = "info", pretty, destination }: LoggerOptions): Logger {
  const forPeople = pretty ?? process.stderr.isTTY === true;
  const stream = destination ?? (forPeople ? process.stderr : pino.destination({ dest: 2, sync: true }));
  const options = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: ["password", "token", "authorization", "api_key"].flatMap((name) => [name, `*.${name}`]),
  };
  return pino(options, forPeople ? { write: (line: string) => void stream.write(prettyLine(line)) } : stream);
}
