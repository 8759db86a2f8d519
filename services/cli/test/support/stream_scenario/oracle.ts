import { canonicalEventTs, tablesOfTopic, TOPICS, type EventTopic } from "@cinelake/contracts";
import type { EventLog, LogRecord } from "@cinelake/event_log";

type Event = Readonly<Record<string, unknown>>;

/** What a topic of the log must have led to. */
export interface Expected {
  readonly topic: EventTopic;
  readonly records: readonly LogRecord[];
  /** The event that stays, by UTC day and `event_id`. */
  readonly kept: ReadonlyMap<string, Event>;
  /** Keys of the dead letters: invalid records, and other users' under an `event_id` that is taken. */
  readonly dead: ReadonlySet<string>;
  /** Those of the latter. */
  readonly conflicts: number;
  /** Valid records under an `event_id` that the same user has sent before. */
  readonly repeats: number;
}

/** Header of records that their producer knows to be invalid. */
export const INVALID_HEADER = "scenario_invalid";

/**
 * Works out what the log must lead to, from the log alone, on plain objects. Who was first under an `event_id` is told by the order in a
 * partition; records from `barrier` on (milliseconds since the epoch) come after all before it, in whichever partition they are.
 */
export async function expectedOf(log: EventLog, barrier: number): Promise<Expected[]> {
  return await Promise.all(
    Object.values(TOPICS).map(async (topic) => {
      const records = await recordsOf(log, topic);
      return { topic, records, ...judged(topic, records, barrier) };
    }),
  );
}

function judged(
  topic: EventTopic,
  records: readonly LogRecord[],
  barrier: number,
): Omit<Expected, "topic" | "records"> {
  const kept = new Map<string, Event>();
  const dead = new Set<string>();
  let [conflicts, repeats] = [0, 0];
  const [early, late] = [true, false].map((isEarly) =>
    records.filter(({ timestamp }) => timestamp < barrier === isEarly),
  ) as [LogRecord[], LogRecord[]];
  for (const { partition, offset, headers, value } of [...early, ...late]) {
    const key = `${topic}/${partition}/${offset}`;
    if (INVALID_HEADER in headers) {
      dead.add(key);
      continue;
    }
    const event = JSON.parse(Buffer.from(value).toString()) as Event;
    const event_ts = canonicalEventTs(String(event["event_ts"]))!;
    const identity = `${event_ts.slice(0, 10)}/${String(event["event_id"])}`;
    const holder = kept.get(identity);
    if (holder && holder["user_id"] !== event["user_id"]) {
      conflicts++;
      dead.add(key);
      continue;
    }
    if (holder) repeats++;
    if (!holder || event_ts >= String(holder["event_ts"])) kept.set(identity, { ...event, event_ts });
  }
  return { kept, dead, conflicts, repeats };
}

/** Every record of a topic, partition by partition in the order of offsets. */
export async function recordsOf(log: EventLog, topic: string): Promise<LogRecord[]> {
  const { first, next } = await log.offsets([topic]);
  const records: LogRecord[] = [];
  for (const [key, end] of next) {
    const partition = Number(key.split("/")[1]);
    for (let offset = first.get(key) ?? 0; offset < end;) {
      const batch = await log.read({ topic, partition, offset }, { maxRecords: 20_000, maxWaitMs: 1000 });
      for (const record of batch) records.push(record);
      offset = (batch.at(-1)?.offset ?? offset - 1) + 1;
    }
  }
  return records;
}

/** The Silver tables that hold events, with their topics. */
export const SILVER_TABLES = Object.values(TOPICS).map((topic) => ({ topic, ...tablesOfTopic<EventTopic>(topic) }));
