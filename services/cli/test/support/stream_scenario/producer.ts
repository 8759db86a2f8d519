import { setTimeout as sleep } from "node:timers/promises";
import type { EventLog } from "@cinelake/event_log";
import type { SeededRandom } from "@cinelake/testkit";
import { INVALID_HEADER } from "./oracle.ts";
import type { Item } from "./stream.ts";

/** What producers have seen. */
export interface Sent {
  /** Ids of events that were answered with `accepted`. */
  readonly acknowledged: Set<string>;
  /** Ids of events that were refused with 400. */
  readonly refused: Set<string>;
  /** Items that are settled. */
  items: number;
  requests: number;
  /** Requests that were sent once more, because the connection broke, nothing came, or the log was away. */
  retries: number;
}

export interface ProducerOptions {
  /** The API's instances; a request that fails goes to the next. */
  readonly urls: readonly string[];
  /** Appends records to the log, past the API; they are there when it resolves. */
  readonly append: Append;
  /** Resolves when so many more items may be sent. */
  readonly pace: (items: number) => Promise<void>;
  readonly random: SeededRandom;
}

export type DirectItem = Extract<Item, { via: "log" }>;
export type Append = (items: readonly DirectItem[]) => Promise<void>;

const SENDERS = 4;
const PATIENCE_MS = 10_000;
const DEADLINE_MS = 120_000;
type ApiItem = Extract<Item, { via: "api" | "refused" }>;

export const nothingSent = (): Sent => ({
  acknowledged: new Set(),
  refused: new Set(),
  items: 0,
  requests: 0,
  retries: 0,
});

/** Sends all items, in requests of 1 or 100 to 400 events, several at a time; each is repeated until it is acknowledged. */
export async function produce(items: readonly Item[], sent: Sent, options: ProducerOptions): Promise<void> {
  const { random, pace, append } = options;
  let at = 0;
  const send = async (): Promise<void> => {
    while (at < items.length) {
      const size = random.int(20) === 0 ? 1 : Math.min(100 + random.int(300), Math.ceil((items.length - at) / 20));
      const chunk = items.slice(at, (at += size));
      await pace(chunk.length);
      const direct = chunk.filter((item) => item.via === "log");
      if (direct.length > 0) await append(direct);
      await post(
        chunk.filter((item) => item.via !== "log"),
        sent,
        options,
      );
      sent.items += chunk.length;
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, send));
}

async function post(items: readonly ApiItem[], sent: Sent, { urls, random }: ProducerOptions): Promise<void> {
  if (items.length === 0) return;
  const body = JSON.stringify(items.map(({ event }) => event));
  const deadline = performance.now() + DEADLINE_MS;
  let instance = random.int(urls.length);
  for (;;) {
    sent.requests++;
    const answer = await request(urls[instance]!, body);
    if (answer.results) {
      for (const [index, { via, event }] of items.entries()) {
        const accepted = answer.results.get(index) === "accepted";
        if (accepted !== (via === "api")) throw new Error(`${JSON.stringify(event)}: ${answer.text}`);
        (accepted ? sent.acknowledged : sent.refused).add(String(event["event_id"]));
      }
      return;
    }
    if (performance.now() > deadline) throw new Error(`not acknowledged in ${DEADLINE_MS} ms: ${answer.text}`);
    sent.retries++;
    instance = (instance + 1) % urls.length;
    await sleep(50 + random.int(200));
  }
}

/** `results` if the API has decided on each event. */
async function request(url: string, body: string): Promise<{ text: string; results?: Map<number, string> }> {
  try {
    const headers = { "content-type": "application/json" };
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const response = await fetch(`${url}/events`, { method: "POST", headers, body, signal });
    const text = await response.text();
    if (response.status === 503) return { text };
    if (response.status !== 202 && response.status !== 400) throw new TypeError(`${response.status} ${text}`);
    const { results } = JSON.parse(text) as { results: { index: number; status: string }[] };
    return { text, results: new Map(results.map(({ index, status }) => [index, status])) };
  } catch (error) {
    return { text: error instanceof Error ? `${error.message} ${String(error.cause)}` : String(error) };
  }
}

/** Appends to a log of one's own hands; a failure is answered by sending again, which may store a record twice. */
export function appendTo(log: EventLog): Append {
  return async (items) => {
    for (const [topic, ofTopic] of Map.groupBy(items, (item) => item.topic)) {
      const records = ofTopic.map(({ key, value, valid }) => ({
        key,
        value,
        ...(!valid && { headers: { [INVALID_HEADER]: "1" } }),
      }));
      const deadline = performance.now() + DEADLINE_MS;
      for (;;) {
        try {
          await log.append(topic, records);
          break;
        } catch (error) {
          if (performance.now() > deadline) throw error;
          await sleep(250);
        }
      }
    }
  };
}
