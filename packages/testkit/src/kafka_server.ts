import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { seededRandom } from "./random.ts";
import { temporaryDirectory } from "./temporary_directory.ts";

const SCRIPT = fileURLToPath(new URL("../../../tests/servers/kafka", import.meta.url));
const INSTALLED = fileURLToPath(new URL("../../../.cache/kafka-broker-4.3.1/.complete", import.meta.url));
const run = promisify(execFile);

/** A Kafka cluster for tests. */
export interface KafkaServer extends AsyncDisposable {
  /** host:port,host:port */
  readonly brokers: string;
  /** `kafka://` and the brokers. */
  readonly url: string;
  /** Runs one of Kafka's own Java tools, told where the cluster is, and gives what it has written. */
  tool(name: string, args: readonly string[], input?: string): Promise<string>;
}

/** A broker of this process, which can be mistreated. */
export interface KafkaBroker extends KafkaServer {
  /** Ends it, with SIGKILL if `hard`. */
  stop(hard?: boolean): Promise<void>;
  /** Starts it again, on the same port and data. */
  start(): Promise<void>;
  /** It keeps its connections, and answers nothing until `thaw`. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
}

/** The cluster of TEST_KAFKA_URL (`kafka://host:port`), else a broker of one's own. Fails where there is neither. */
export async function startKafka(): Promise<KafkaServer> {
  const url = process.env.TEST_KAFKA_URL;
  if (!url) return await startKafkaBroker();
  requireInstalled();
  return { ...serverAt(url.replace("kafka://", "")), [Symbol.asyncDispose]: async () => {} };
}

/** Starts Kafka 4 on a free port over a fresh folder, gone with its scope. Fails where it is not installed: server tests do not skip. */
export async function startKafkaBroker(): Promise<KafkaBroker> {
  requireInstalled();
  await using opened = new AsyncDisposableStack();
  const directory = opened.use(await temporaryDirectory());
  const folder = join(directory.path, "kafka");
  const port = await freePortPair();
  const script = async (...args: string[]): Promise<void> => {
    await run(SCRIPT, args, { env: { ...process.env, KAFKA_HEAP: "256m" } });
  };
  const pid = async (): Promise<string> => (await readFile(join(folder, "pid"), "utf8")).trim();
  const signal = async (name: NodeJS.Signals): Promise<void> => {
    process.kill(Number(await pid()), name);
  };
  /** All its threads have stopped, which takes a moment. */
  const isFrozen = async (): Promise<boolean> =>
    (await run("ps", ["-L", "-o", "stat=", "-p", await pid()])).stdout
      .trim()
      .split("\n")
      .every((state) => state.startsWith("T"));
  opened.defer(async () => {
    if (!existsSync(folder)) return;
    await signal("SIGCONT").catch(() => {}); // it may have ended
    await script("stop", folder);
  });
  const start = (): Promise<void> => script("start", folder, String(port));
  await start();
  const resources = opened.move();
  return {
    ...serverAt(`127.0.0.1:${port}`),
    async stop(hard = false) {
      if (hard) await signal("SIGKILL");
      await script("stop", folder);
    },
    start,
    async freeze() {
      await signal("SIGSTOP");
      while (!(await isFrozen())) await sleep(5);
    },
    thaw: () => signal("SIGCONT"),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function requireInstalled(): void {
  if (!existsSync(INSTALLED)) throw new Error(`${INSTALLED} is missing: run \`make install_servers\``);
}

function serverAt(brokers: string): Pick<KafkaServer, "brokers" | "url" | "tool"> {
  return {
    brokers,
    url: `kafka://${brokers}`,
    async tool(name, args, input = "") {
      const running = run(SCRIPT, ["tool", `org.apache.kafka.tools.${name}`, "--bootstrap-server", brokers, ...args]);
      running.child.stdin?.end(input);
      return (await running).stdout;
    },
  };
}

/** Two free ports in a row, for the broker and its controller; below those that systems give to outgoing connections. */
async function freePortPair(): Promise<number> {
  const random = seededRandom(process.pid);
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = 20_000 + 2 * random.int(6000);
    if ((await isFree(port)) && (await isFree(port + 1))) return port;
  }
  throw new Error("no two free ports in a row");
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}
