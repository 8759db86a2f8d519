import { canonicalEventTs, tablesOfTopic, TOPICS, type TableName } from "@cinelake/contracts";
import type { EventLog } from "@cinelake/event_log";
import { readTopicRecords } from "./world.ts";

/** An event as M35 keeps it, without where it arrived. */
export type Kept = Record<string, unknown>;

/**
 * The Silver rows that a log must lead to, worked out on plain objects: partition by partition in offset order, the first user owns an
 * event_id on a day, the later event_ts wins, then the later offset, and a repeat changes nothing.
 */
export async function expectedSilver(
  log: EventLog,
): Promise<{ tables: Map<TableName, Map<string, Kept>>; dead: Set<string> }> {
  const tables = new Map<TableName, Map<string, Kept>>();
  const dead = new Set<string>();
  for (const [type, topic] of Object.entries(TOPICS)) {
    const kept = new Map<string, Kept>();
    tables.set(tablesOfTopic(topic).silver, kept);
    for (const record of await readTopicRecords(log, topic)) {
      const event = parse(Buffer.from(record.value).toString());
      const instant = canonicalEventTs(String(event?.["event_ts"]));
      if (!event || event["event_type"] !== type || instant === undefined) {
        dead.add(`${topic}/${record.partition}/${record.offset}`);
        continue;
      }
      const identity = `${instant.slice(0, 10)} ${String(event["event_id"])}`;
      const holder = kept.get(identity);
      if (holder && holder["user_id"] !== event["user_id"]) dead.add(`${topic}/${record.partition}/${record.offset}`);
      else if (!holder || instant >= String(holder["event_ts"])) kept.set(identity, { ...event, event_ts: instant });
    }
  }
  return { tables, dead };
}

function parse(text: string): Kept | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Kept) : undefined;
  } catch {
    return undefined;
  }
}
