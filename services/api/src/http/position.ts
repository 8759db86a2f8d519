import { EVENT_TOPICS } from "@cinelake/contracts";
import { partitionKey, type Appended, type Offsets } from "@cinelake/event_log";
import { problem } from "./problem.ts";

const KEY = new RegExp(`^(?:${EVENT_TOPICS.join("|")})/[0-9]{1,5}$`);

/** What POST /events answers and `after` takes: base64url of the JSON of next offsets by `topic/partition`. */
export function encodePosition(offsets: Offsets): string {
  return Buffer.from(JSON.stringify(Object.fromEntries([...offsets].sort()))).toString("base64url");
}

/** The next offsets after records were appended. */
export function positionOf(appended: Iterable<Appended>): Map<string, number> {
  const next = new Map<string, number>();
  for (const record of appended) {
    const key = partitionKey(record);
    next.set(key, Math.max(next.get(key) ?? 0, record.offset + 1));
  }
  return next;
}

/** Fails with `invalid_argument` for anything that `encodePosition` does not make. */
export function decodePosition(text: string): Offsets {
  const refused = problem("invalid_argument", "after: must be a position that POST /events answered", {
    parameter: "after",
  });
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  } catch {
    throw refused;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refused;
  const entries = Object.entries(value);
  if (!entries.every(([key, offset]) => KEY.test(key) && Number.isSafeInteger(offset) && offset >= 0)) throw refused;
  return new Map(entries);
}
