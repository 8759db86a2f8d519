import { setTimeout as sleep } from "node:timers/promises";
import { DEFAULT_PARTITIONS, EVENT_TOPICS, TOPICS } from "@cinelake/contracts";
import { openEventLog, type EventLog } from "@cinelake/event_log";
import { startKafkaBroker, type KafkaBroker } from "@cinelake/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createApiService } from "../src/index.ts";
import { event, openWorld } from "./world.ts";

const CALLERS = 12;
/** The log fails within two seconds; the rest is for a machine that is busy with other things. */
const PROMPT_MS = 3_000;

let kafka: KafkaBroker;
beforeAll(async () => {
  kafka = await startKafkaBroker();
});
afterAll(() => kafka[Symbol.asyncDispose]());

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly milliseconds: number;
  readonly id: string;
}

async function post(address: string): Promise<Answer> {
  const sent = event("view", 1 + Math.floor(Math.random() * 500), 1);
  const began = performance.now();
  const response = await fetch(`${address}/events`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(sent),
  });
  await response.text();
  const { status, headers } = response;
  return { status, retryAfter: headers.get("retry-after"), milliseconds: performance.now() - began, id: sent.event_id };
}

/** Posts one event after the other, from several callers, until stopped. */
function keepPosting(address: string): { readonly answers: Answer[]; stop(): Promise<void> } {
  const answers: Answer[] = [];
  const over = new AbortController();
  const caller = async (): Promise<void> => {
    while (!over.signal.aborted) answers.push(await post(address));
  };
  const callers = Promise.all(Array.from({ length: CALLERS }, caller));
  return {
    answers,
    async stop() {
      over.abort();
      await callers;
    },
  };
}

async function loggedIds(log: EventLog): Promise<string[]> {
  const { next } = await log.offsets([TOPICS.view]);
  const ids: string[] = [];
  for (const [key, end] of next) {
    const partition = Number(key.split("/")[1]);
    for (let offset = 0; offset < end;) {
      const records = await log.read({ topic: TOPICS.view, partition, offset }, { maxRecords: 1000 });
      for (const { value } of records)
        ids.push((JSON.parse(Buffer.from(value).toString()) as { event_id: string }).event_id);
      offset = records.at(-1)!.offset + 1;
    }
  }
  return ids;
}

test.each([
  { trouble: "is killed", begin: () => kafka.stop(true), end: () => kafka.start() },
  { trouble: "is stopped", begin: () => kafka.stop(), end: () => kafka.start() },
  { trouble: "hangs", begin: () => kafka.freeze(), end: () => kafka.thaw() },
])(
  "a broker that $trouble: every POST is answered in time, with 202 or with 503 and Retry-After; afterwards all is well, and each 202 is in the log once",
  async ({ begin, end }) => {
    await using log = await openEventLog(kafka.url);
    await log.createTopics(EVENT_TOPICS.map((name) => ({ name, partitions: DEFAULT_PARTITIONS })));
    await using world = await openWorld({ empty: true, wrap: (ports) => ({ ...ports, log }) });
    const service = createApiService(world.ports, { port: 0, exposures: false });
    await service.start();
    const posting = keepPosting(service.address());
    const { answers } = posting;
    const accepted = (): number => answers.filter(({ status }) => status === 202).length;
    await expect.poll(accepted, { timeout: 20_000 }).toBeGreaterThan(100);

    await begin();
    await expect.poll(() => answers.at(-1)!.status, { timeout: 20_000 }).toBe(503);
    await sleep(5_000); // several times what one call takes
    const refused = answers.filter(({ status }) => status === 503);
    expect(refused.length).toBeGreaterThan(CALLERS);
    await end();
    const before = accepted();
    await expect.poll(accepted, { timeout: 30_000 }).toBeGreaterThan(before + 100);
    await posting.stop();
    await service.stop();

    expect(answers.filter(({ status }) => status !== 202 && status !== 503)).toEqual([]);
    expect(answers.filter(({ status, retryAfter }) => status === 503 && retryAfter !== "1")).toEqual([]);
    expect(Math.max(...answers.map(({ milliseconds }) => milliseconds))).toBeLessThan(PROMPT_MS);
    const copies = Map.groupBy(await loggedIds(log), (id) => id);
    const wrong = answers.filter(({ status, id }) => status === 202 && copies.get(id)?.length !== 1);
    expect(wrong).toEqual([]);
    expect(await world.ports.metrics.text()).toMatch(
      /cinelake_event_requests_shed_total\{reason="log_unavailable"\} \d+/,
    );
  },
  90_000,
);
