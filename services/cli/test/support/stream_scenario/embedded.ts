import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openEventLog } from "@cinelake/event_log";
import { freePort, seededRandom, temporaryDirectory } from "@cinelake/testkit";
import { expect } from "vitest";
import { cinelake, eventually } from "../platform.ts";
import { ends, killsAtSteps, type Trouble } from "./chaos.ts";
import type { Expected } from "./oracle.ts";
import { appendTo, type DirectItem } from "./producer.ts";
import { DATASET, expectEverythingOnce, play, scenarioSeed, type Stage } from "./scenario.ts";
import { supervise } from "./supervised.ts";

const SERVE = fileURLToPath(new URL("../../../src/main.ts", import.meta.url));
const KILLED = fileURLToPath(new URL("killed_platform.ts", import.meta.url));
const DRAIN_MS = 120_000;

/**
 * Plays the scenario on the file log, with everything in one process that is killed as a whole. Since one process at a time has the log,
 * the producer that goes past the API comes between two runs. `check` gets the data directory and what its tables hold.
 */
export async function playEmbedded(
  { count, seconds }: { readonly count: number; readonly seconds: number },
  check: (directory: string, expected: readonly Expected[]) => Promise<void> = async () => undefined,
): Promise<void> {
  const random = seededRandom(scenarioSeed());
  await using directory = await temporaryDirectory();
  const env = { DATA_DIR: directory.path, FLUSH_INTERVAL_MS: "250", FLUSH_ROWS: "10000", EXPOSURES: "false" };
  for (const args of [["bootstrap", ...DATASET], ["etl"]]) {
    expect(await cinelake(directory.path, args, { env })).toMatchObject({ exitCode: 0 });
  }
  const openLog = () => openEventLog(join(directory.path, "log"));
  const waiting: DirectItem[] = [];
  async function appendWaiting(): Promise<void> {
    if (waiting.length === 0) return;
    await using log = await openLog();
    await appendTo(log)(waiting.splice(0));
  }

  const port = await freePort();
  await using platform = await supervise({
    name: "platform",
    command: [SERVE, "serve"],
    killed: KILLED,
    env: { ...env, PORT: String(port) },
    beforeStart: appendWaiting,
  });
  /** A step of dead letters comes only with records for them. */
  const withDeadLetters =
    (trouble: Trouble): Trouble =>
    async () => {
      await eventually(
        async () => waiting.filter(({ valid }) => !valid).length,
        (invalid) => invalid > 0,
        DRAIN_MS,
      );
      await trouble();
    };
  const stage: Stage = {
    directory: directory.path,
    urls: [`http://127.0.0.1:${port}`],
    consumers: [platform],
    apis: [platform],
    append: async (items) => void waiting.push(...items),
    lanes: [
      [
        ...killsAtSteps([platform], random, { times: 1, latest: 1 }).map(withDeadLetters),
        ...ends([platform], random, "SIGKILL", 5),
        ...ends([platform], random, "SIGTERM", 1),
      ],
    ],
    async settled() {
      if (waiting.length > 0) await platform.end("SIGTERM");
      await platform.started();
      await eventually(
        () => rowsMissing(directory.path),
        (missing) => missing.length === 0,
        DRAIN_MS,
      );
    },
  };
  const played = await play(stage, { count, seconds, random });
  expect(await platform.stop()).toBe(0);
  await using log = await openLog();
  await check(directory.path, await expectEverythingOnce(stage, played, log));
}

/** Topics of which Bronze, which comes after Silver, lacks records. */
async function rowsMissing(directory: string): Promise<string[]> {
  const { stdout } = await cinelake(directory, ["status", "--json"]);
  const { tables, topics } = JSON.parse(stdout) as {
    tables: { name: string; rows: number }[];
    topics: { topic: string; records: number }[];
  };
  return topics.flatMap(({ topic, records }) => {
    const rows = tables.find(({ name }) => name === `bronze_${topic}_raw`)?.rows;
    return rows === records ? [] : [`${topic}: ${rows} of ${records}`];
  });
}
