import { TOPICS, validateEvent } from "@cinelake/contracts";
import type { EventLog, LogRecord, Offsets, TopicPartition } from "@cinelake/event_log";
import type { Interaction } from "@cinelake/ranking";
import { sparingly, type Logger } from "@cinelake/runtime";
import { covers, planCoverage, type Gap } from "./coverage.ts";
import { followLog, type LogTail } from "./log_tail.ts";
import { RecentEvents, userEventOf, type UserEvent } from "./recent_events.ts";

/** What users did since the model was trained, straight from the log. */
export interface UserState {
  /** In the order in which they came. */
  recent(userId: number): Interaction[];
  /** Changes whenever `recent` does. */
  revision(userId: number): string;
  /** True once everything before the position counts, false if that takes longer than `timeoutMs`. */
  waitFor(position: Offsets, timeoutMs: number): Promise<boolean>;
  /** Next offset of each partition followed: all before it counts. */
  position(): Offsets;
  /** Whether all that the log had at the start has been read. */
  caughtUp(): boolean;
  /** Makes sure that nothing which a model with these offsets does not know is missing; reads the log again if something is. */
  cover(nextOffsets: Readonly<Record<string, number>>): Promise<void>;
  stop(): Promise<void>;
}

export interface UserStatePorts {
  readonly log: EventLog;
  readonly logger: Logger;
  /** Events of a part that the log no longer has. */
  readonly fromTables: (gap: Gap) => AsyncIterable<UserEvent>;
}

const FOLLOWED = [TOPICS.view, TOPICS.click, TOPICS.rating];

/** Reads the log from the model's offsets (from the first kept record without them) and follows it. */
export async function openUserState(
  ports: UserStatePorts,
  nextOffsets: Readonly<Record<string, number>>,
  limits: { readonly perUser: number; readonly total: number },
): Promise<UserState> {
  let generation = 0;
  let current = await begin(ports, nextOffsets, limits);
  return {
    recent: (userId) => current.events.of(userId),
    revision: (userId) => `${generation}/${current.events.revision(userId)}`,
    waitFor: (position, timeoutMs) => current.tail.waitFor(position, timeoutMs),
    position: () => current.tail.position(),
    caughtUp: () => current.caughtUp(),
    async cover(offsets) {
      if (covers(current.start, offsets)) return;
      const before = current;
      current = await begin(ports, offsets, limits);
      generation++;
      await before.tail.stop();
    },
    stop: () => current.tail.stop(),
  };
}

interface Reading {
  readonly events: RecentEvents;
  readonly start: Offsets;
  readonly tail: LogTail;
  caughtUp(): boolean;
}

async function begin(
  { log, logger, fromTables }: UserStatePorts,
  nextOffsets: Readonly<Record<string, number>>,
  limits: { readonly perUser: number; readonly total: number },
): Promise<Reading> {
  const topics = await log.topics();
  const partitions = FOLLOWED.flatMap((topic) =>
    Array.from({ length: topics.get(topic) ?? 0 }, (_, partition): TopicPartition => ({ topic, partition })),
  );
  const bounds = await log.offsets(FOLLOWED.filter((topic) => topics.has(topic)));
  const { start, gaps } = planCoverage(partitions, bounds, nextOffsets);
  const events = new RecentEvents(limits);
  for (const gap of gaps) for await (const event of fromTables(gap)) events.add(event);
  const tail = followLog(log, {
    topics: FOLLOWED.filter((topic) => topics.has(topic)),
    start,
    onRecords(records) {
      for (const record of records) {
        const event = readEvent(record);
        if (event) events.add(event);
      }
    },
    onError: sparingly((error) => logger.warn({ err: error }, "the event log cannot be read; trying again")),
  });
  let behind = true;
  const caughtUp = (): boolean => {
    behind &&= [...bounds.next].some(([key, next]) => (tail.position().get(key) ?? next) < next);
    return !behind;
  };
  return { events, start, tail, caughtUp };
}

/** Undefined for what is no valid event: the stream consumer dead-letters it. */
function readEvent({ value, timestamp }: LogRecord): UserEvent | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(value));
  } catch {
    return undefined;
  }
  const checked = validateEvent(parsed, { now: timestamp });
  return checked.ok ? userEventOf(checked.event, checked.eventTsMs) : undefined;
}
