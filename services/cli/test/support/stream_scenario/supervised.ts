import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { KILLED_AT, type Step } from "./kill_at_step.ts";

export interface Program {
  readonly name: string;
  /** Arguments of Node: the program's file, and its own. */
  readonly command: readonly string[];
  /** What to run instead when the process is to kill itself at a step. */
  readonly killed?: string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs before each start, while the process is down. */
  readonly beforeStart?: () => Promise<void>;
}

export type Ending = "SIGKILL" | "SIGTERM";

/** What became of a process and its successors. */
interface Ends {
  /** SIGKILLs by this test, at random moments. */
  killed: number;
  /** Those that it was asked to end. */
  stopped: number;
  /** How often it was held up. */
  frozen: number;
  /** SIGKILLs by itself, at a step. */
  readonly atStep: Step[];
  /** Exits that nobody asked for, with what it had said. */
  readonly own: string[];
}

/** A process that is started again whenever it ends, as an operator's supervisor would. */
export interface Supervised extends AsyncDisposable {
  readonly name: string;
  readonly ends: Ends;
  /** What all its runs have written. */
  output(): string;
  /** Resolves when it says that it has started, also if that takes several attempts. */
  started(): Promise<void>;
  /** Ends it; it is started again. */
  end(signal: Ending): Promise<void>;
  /** Holds it up for so long, as a machine that hangs would; then it goes on as if nothing had been. */
  freeze(milliseconds: number): Promise<void>;
  /** Starts it anew so that it kills itself when it comes to the step for the `occurrence`-th time; resolves when it has. */
  killAtStep(step: Step, occurrence: number): Promise<void>;
  /** Ends it for good once it has started, and gives the exit code. */
  stop(signal?: Ending): Promise<number | null>;
}

/** What a service says, and what `./cinelake serve` says. */
const STARTED = / started"|Cinelake serves/;
const START_MS = 60_000;
const STEP_MS = 90_000;
const RESTART_MS = 300;

/** Starts the program; it ends with its scope. */
export async function supervise(program: Program): Promise<Supervised> {
  const ends: Ends = { killed: 0, stopped: 0, frozen: 0, atStep: [], own: [] };
  let output = "";
  let child: ChildProcess;
  let gone: Promise<void>;
  let hasStarted = (): boolean => false;
  let wanted = true;
  /** Whether the end of this process has been asked for. */
  let asked = false;
  let reached = Promise.withResolvers<void>();

  async function start(kill: Readonly<Record<string, string>> = {}): Promise<void> {
    await program.beforeStart?.();
    const isKilled = "KILL_AT_STEP" in kill;
    const { PATH = "", HOME = "", TMPDIR = "" } = process.env;
    const started = spawn(process.execPath, isKilled ? [program.killed!] : program.command, {
      env: { PATH, HOME, ...(TMPDIR && { TMPDIR }), ...program.env, ...kill },
      stdio: ["ignore", "pipe", "pipe"],
    });
    child = started;
    asked = false;
    const from = output.length;
    hasStarted = () => isRunning() && STARTED.test(output.slice(from));
    for (const stream of [started.stdout!, started.stderr!])
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    gone = once(started, "close").then(() => {
      const said = output.slice(from);
      const hasReached = isKilled && started.signalCode === "SIGKILL" && said.includes(KILLED_AT);
      if (hasReached) {
        ends.atStep.push(kill["KILL_AT_STEP"] as Step);
        reached.resolve();
      } else if (!asked) ends.own.push(`exit ${started.exitCode ?? started.signalCode}: ${said.slice(-2_000)}`);
      else return;
      if (wanted) restarting = sleep(RESTART_MS).then(() => (wanted ? start(hasReached ? {} : kill) : undefined));
    });
  }
  let restarting: Promise<void> = Promise.resolve();
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;

  /** Whatever it is doing, it does not run afterwards, nor is it about to be started. */
  async function halt(signal: Ending): Promise<void> {
    await restarting;
    asked = true;
    if (isRunning()) child.kill(signal);
    await gone;
    await restarting;
    if (isRunning()) await halt(signal);
  }

  const started = async (): Promise<void> => {
    const deadline = performance.now() + START_MS;
    while (!hasStarted()) {
      if (performance.now() > deadline) throw new Error(`${program.name} does not start:\n${output.slice(-3_000)}`);
      await sleep(25);
    }
  };

  const endBy = async (signal: Ending): Promise<void> => {
    await halt(signal);
    if (signal === "SIGKILL") ends.killed++;
    else ends.stopped++;
  };

  // Also where the test itself is interrupted.
  const onExit = (): void => void child.kill("SIGKILL");
  process.once("exit", onExit);
  await start();
  return {
    name: program.name,
    ends,
    output: () => output,
    started,
    async end(signal) {
      await endBy(signal);
      await start();
    },
    async freeze(milliseconds) {
      child.kill("SIGSTOP");
      await sleep(milliseconds);
      child.kill("SIGCONT");
      ends.frozen++;
    },
    async killAtStep(step, occurrence) {
      reached = Promise.withResolvers();
      await endBy("SIGTERM");
      await start({ KILL_AT_STEP: step, KILL_AT_OCCURRENCE: String(occurrence) });
      const late = new AbortController();
      const never = sleep(STEP_MS, undefined, { signal: late.signal }).then(() => {
        throw new Error(`${program.name} did not come to ${step} in ${STEP_MS} ms:\n${output.slice(-3_000)}`);
      });
      never.catch(() => undefined);
      await Promise.race([reached.promise, never]).finally(() => late.abort());
    },
    async stop(signal = "SIGTERM") {
      await started();
      wanted = false;
      await endBy(signal);
      return child.exitCode;
    },
    async [Symbol.asyncDispose]() {
      wanted = false;
      await halt("SIGKILL");
      process.off("exit", onExit);
    },
  };
}
