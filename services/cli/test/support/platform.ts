import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const compileCache = fileURLToPath(new URL("../../../../node_modules/.cache/node", import.meta.url));

export interface CommandOutcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `./cinelake ARGS` to its end, as a user would. `killAfterMs` ends it with SIGKILL. */
export async function cinelake(
  dataDirectory: string,
  args: readonly string[],
  options: { env?: Record<string, string>; killAfterMs?: number } = {},
): Promise<CommandOutcome> {
  const child = launch(dataDirectory, args, options.env);
  let stdout = "";
  let stderr = "";
  child.stdout!.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr!.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const timer =
    options.killAfterMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), options.killAfterMs);
  const [exitCode] = (await once(child, "close")) as [number | null];
  clearTimeout(timer);
  return { exitCode, stdout, stderr };
}

export interface Platform extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** What it has printed so far. */
  output(): string;
  kill(): Promise<void>;
  /** SIGINT, as Ctrl-C, or another signal; gives the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts `./cinelake demo|serve` on a free port and resolves once it answers. */
export async function startPlatform(
  dataDirectory: string,
  args: readonly string[] = ["serve"],
  env: Record<string, string> = {},
): Promise<Platform> {
  const child = launch(dataDirectory, args, { PORT: "0", ...env });
  let output = "";
  const ended = once(child, "close");
  const url = await new Promise<string>((resolve, reject) => {
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
      const found = /http:\/\/(?:localhost|127\.0\.0\.1):\d+/.exec(output);
      if (found) resolve(found[0].replace("localhost", "127.0.0.1"));
    };
    child.stdout!.on("data", collect);
    child.stderr!.on("data", collect);
    void ended.then(() => reject(new Error(`the platform ended before it answered:\n${output}`)));
  });
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const [exitCode] = (await ended) as [number | null];
    return exitCode;
  };
  return {
    url,
    pid: child.pid!,
    output: () => output,
    kill: async () => void (await end("SIGKILL")),
    stop: (signal = "SIGINT") => end(signal),
    [Symbol.asyncDispose]: async () => void (await end("SIGKILL")),
  };
}

function launch(dataDirectory: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [program, ...args], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TMPDIR: process.env.TMPDIR,
      DATA_DIR: dataDirectory,
      NODE_COMPILE_CACHE: compileCache,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Asks until `check` holds; the last answer is in the error if it never does. */
export async function eventually<T>(
  ask: () => Promise<T>,
  check: (answer: T) => boolean,
  withinMs: number,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (check(answer)) return answer;
    if (performance.now() > deadline)
      throw new Error(`still not so after ${withinMs} ms: ${JSON.stringify(answer).slice(0, 1000)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
