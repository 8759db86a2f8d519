import { randomUUID } from "node:crypto";

interface ListItem {
  readonly movie_id: number;
  readonly title: string;
  readonly score: number;
}

export interface ListAnswer {
  readonly items: readonly ListItem[];
  readonly strategy?: string;
}

/** GET as JSON; anything but 200 is an error that shows the answer. */
export async function get<T = ListAnswer>(url: string): Promise<T> {
  const response = await fetch(url);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${url}: ${response.status} ${text}`);
  return JSON.parse(text) as T;
}

/** Posts events and gives the position; fails unless all were accepted. */
export async function post(url: string, events: readonly Record<string, unknown>[]): Promise<string> {
  const response = await fetch(`${url}/events`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(events),
  });
  const answer = (await response.json()) as { position: string; results: { status: string }[] };
  if (response.status !== 202 || answer.results.some(({ status }) => status !== "accepted")) {
    throw new Error(`${response.status} ${JSON.stringify(answer)}`);
  }
  return answer.position;
}

export function rating(userId: number, movieId: number, stars: number): Record<string, unknown> {
  return { ...event("rating", userId, movieId), rating: stars };
}

export function event(type: "view" | "click" | "rating", userId: number, movieId: number): Record<string, unknown> {
  return {
    event_id: randomUUID(),
    event_type: type,
    event_ts: new Date().toISOString(),
    user_id: userId,
    movie_id: movieId,
  };
}
