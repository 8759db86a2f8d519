import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";

/** The repository's folder. */
const repository = fileURLToPath(new URL("../../../", import.meta.url));

/** A program that a test runs as its reader would; killed by its scope. */
export interface Program extends AsyncDisposable {
  /** What it has printed so far, on both streams. */
  output(): string;
  /** The first match of what it prints; fails with all that it has printed if it ends or a minute passes before. */
  prints(pattern: RegExp): Promise<RegExpExecArray>;
  /** Resolves with the exit code once it has ended by itself. */
  ended(): Promise<number | null>;
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts `node PATH ARGS` in the repository; `path` is relative to it. */
export function startProgram(path: string, args: readonly string[], env: Readonly<Record<string, string>>): Program {
  const child = spawn(process.execPath, [join(repository, path), ...args], {
    cwd: repository,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const closed = once(child, "close") as Promise<[number | null]>;
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const stop = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (!hasEnded()) child.kill(signal);
    return (await closed)[0];
  };
  return {
    output: () => output,
    async prints(pattern) {
      const find = (): RegExpExecArray | null => pattern.exec(output);
      await vi.waitUntil(() => find() ?? hasEnded(), { timeout: 60_000, interval: 20 }).catch(() => undefined);
      const found = find();
      if (!found) throw new Error(`${path} did not print ${pattern}:\n${output}`);
      return found;
    },
    ended: async () => (await closed)[0],
    stop,
    [Symbol.asyncDispose]: async () => void (await stop("SIGKILL")),
  };
}
