import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export type ServiceName = "api" | "stream_consumer" | "trending_aggregator";

/** A service in a process of its own. */
export interface ServiceProcess extends AsyncDisposable {
  readonly pid: number;
  /** Most memory that it has had, megabytes of 10^6 bytes. */
  peakMemory(): number;
  /** Seconds of all processors that it has used. */
  processorSeconds(): number;
  /** SIGTERM, and its end. */
  stop(): Promise<void>;
}

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Starts a service by its own main.ts and resolves when it says that it has started. */
export async function startService(name: ServiceName, env: Readonly<Record<string, string>>): Promise<ServiceProcess> {
  const child = launch(`services/${name}/src/main.ts`, [], env);
  let output = "";
  await new Promise<void>((resolve, reject) => {
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
      if (output.includes(`${name} started`)) resolve();
    };
    child.stdout!.on("data", collect);
    child.stderr!.on("data", collect);
    child.once("close", (code) => reject(new Error(`${name} ended with ${code}:\n${output}`)));
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "close");
  };
  return {
    pid: child.pid!,
    peakMemory: () =>
      (Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))![1]) * 1024) / 1e6,
    processorSeconds() {
      const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]!.split(" ");
      return (Number(fields[11]) + Number(fields[12])) / 100;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Runs a `./cinelake` command to its end. */
export async function runCommand(args: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  const child = launch("services/cli/src/main.ts", args, env);
  let output = "";
  child.stdout!.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr!.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number];
  if (code !== 0) throw new Error(`cinelake ${args.join(" ")} ended with ${code}:\n${output}`);
}

function launch(program: string, args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  const { PATH, HOME, TMPDIR } = process.env;
  return spawn(process.execPath, [root + program, ...args], {
    env: { PATH, HOME, TMPDIR, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}
