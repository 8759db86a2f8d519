import { randomUUID } from "node:crypto";
import { TOPICS } from "@cinelake/contracts";
import type { NewRecord } from "@cinelake/event_log";
import { Pool } from "undici";

const TYPES = ["view", "view", "view", "click", "rating"] as const;
const USERS = 5000;
const FILMS = 9000;

type SampleEvent = Readonly<Record<string, unknown>> & { readonly event_type: (typeof TYPES)[number] };

/** A valid event of about 200 bytes; three in five are views. */
export function eventAt(index: number): SampleEvent {
  const event_type = TYPES[index % TYPES.length]!;
  const event = {
    event_id: randomUUID(),
    event_type,
    event_ts: new Date().toISOString(),
    user_id: ((index * 7919) % USERS) + 1,
    movie_id: ((index * 104_729) % FILMS) + 1,
  };
  if (event_type === "rating") return { ...event, rating: ((index % 10) + 1) / 2 };
  const session_id = `s-${index % 100_000}`;
  return event_type === "click"
    ? { ...event, click_type: "open", session_id }
    : { ...event, session_id, device_type: "phone" };
}

export interface TopicRecord extends NewRecord {
  readonly topic: string;
}

/** The events as the API writes them to the log. */
export function recordsOf(from: number, count: number): TopicRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const event = eventAt(from + index);
    return {
      topic: TOPICS[event.event_type],
      key: String(event["user_id"]),
      value: Buffer.from(JSON.stringify(event)),
    };
  });
}

/** Works through `items` with so many workers at once, each with the next item when it is done with one. */
export async function inParallel<T>(
  items: readonly T[],
  workers: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) await work(items[next++]!);
  };
  await Promise.all(Array.from({ length: workers }, worker));
}

interface ListAnswer {
  readonly items: readonly { readonly movie_id: number }[];
  /** Whether it reflects the position that was asked for. */
  readonly isReached: boolean;
}

/** A client of one API that keeps its connections; `post` throws unless all events are accepted, and gives their position. */
export function apiClient(url: string, connections: number) {
  const pool = new Pool(url, { connections });
  const get = async (path: string): Promise<ListAnswer> => {
    const answer = await pool.request({ path, method: "GET" });
    const body = (await answer.body.json()) as Pick<ListAnswer, "items">;
    if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode} ${JSON.stringify(body)}`);
    return { items: body.items, isReached: answer.headers["x-position-reached"] === "true" };
  };
  return {
    async post(body: string): Promise<string> {
      const headers = { "content-type": "application/json" };
      const answer = await pool.request({ path: "/events", method: "POST", headers, body });
      const text = await answer.body.text();
      if (answer.statusCode !== 202) throw new Error(`POST /events: ${answer.statusCode} ${text.slice(0, 300)}`);
      return /"position":"([^"]*)"/.exec(text)![1]!;
    },
    get,
    /** The answer, once it reflects the position. */
    async getAfter(path: string, position: string): Promise<ListAnswer> {
      for (;;) {
        const answer = await get(`${path}&after=${position}`);
        if (answer.isReached) return answer;
      }
    },
    close: () => pool.close(),
  };
}
