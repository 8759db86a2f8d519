import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const START_MS = 20_000;
const END_MS = 5_000;

/** A server that a test runs as a process of its own. */
export interface ServerProcess extends AsyncDisposable {
  /** Stops it where it is, as a machine that hangs would: connections stay, nothing answers. */
  pause(): void;
  resume(): void;
  /** Ends it, as its operator would (`SIGTERM` by default) or as a crash (`SIGKILL`), and waits for that. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again at the same place, and waits until it answers. */
  start(): Promise<void>;
}

export interface ServerProgram {
  readonly name: string;
  readonly command: readonly [program: string, ...args: string[]];
  /** Resolves true once the server answers. */
  readonly answers: () => Promise<boolean>;
  /** Asks it to end; SIGTERM by default. */
  readonly endSignal?: NodeJS.Signals;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a server until the scope's end. Fails with what it said if it ends early or does not answer in time. */
export async function startServerProcess(program: ServerProgram): Promise<ServerProcess> {
  const { endSignal = "SIGTERM" } = program;
  let child = await startAndWait(program);
  return {
    pause: () => signalFamily(child, "SIGSTOP"),
    resume: () => signalFamily(child, "SIGCONT"),
    stop: (signal = endSignal) => end(child, signal),
    start: async () => void (child = await startAndWait(program)),
    [Symbol.asyncDispose]: () => end(child, endSignal),
  };
}

async function startAndWait({ name, command, answers, env }: ServerProgram): Promise<ChildProcess> {
  const [file, ...args] = command;
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  let said = "";
  let failed = "";
  child.on("error", (error) => (failed = String(error)));
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-4_000)));
  }
  for (const started = performance.now(); performance.now() - started < START_MS; await sleep(25)) {
    if (failed) throw new Error(`${name} cannot be started: ${failed}`);
    if (child.exitCode !== null) throw new Error(`${name} ended at once (${child.exitCode}): ${said}`);
    if (await answers()) return child;
  }
  await end(child, "SIGKILL");
  throw new Error(`${name} does not answer: ${said}`);
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  signalFamily(child, "SIGCONT");
  const late = setTimeout(() => child.kill("SIGKILL"), END_MS);
  await ended;
  clearTimeout(late);
}

/** Signals a process, then its children: a server may have one for each connection. */
function signalFamily(child: ChildProcess, signal: NodeJS.Signals): void {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  for (const each of children.split(" ").filter(Boolean)) {
    try {
      process.kill(Number(each), signal);
    } catch (error) {
      // One that has ended meanwhile needs no signal.
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
  }
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
