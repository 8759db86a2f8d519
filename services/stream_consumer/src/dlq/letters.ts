import { DEAD_LETTER_TOPIC } from "@cinelake/contracts";
import { partitionOf, type Appended, type EventLog, type LogRecord } from "@cinelake/event_log";
import { parseDeadLetter, reasonClass, type DeadLetter } from "../dead_letter.ts";
import { readPlaces, readRange } from "./read_places.ts";

/** A dead letter, its repetitions taken together, without what its record holds. */
export interface LetterSummary {
  /** `topic/partition/offset` of the record. */
  readonly key: string;
  readonly topic: string;
  readonly reasonClass: string;
  readonly attempt: number;
  /** When the dead-letter topic took it first, milliseconds since the epoch. */
  readonly buriedAt: number;
  /** Where its last repetition stands in the dead-letter topic. */
  readonly at: Appended;
  /** Where its record was put back; undefined while it was not. */
  readonly redrivenAs: Appended | undefined;
}

export interface ScanOptions {
  /** Letters held in memory at once. A partition with more records is read several times, each time for other keys. Default 200,000. */
  readonly maxHeld?: number;
  /** Told of each record that is neither letter nor mark. */
  readonly onUnreadable?: () => void;
}

/**
 * Every dead letter that is in the log at the call, once. A letter is its key and `first_seen`: a topic that was made anew gives old
 * keys to new records. It counts as redriven if a mark of the same key and `first_seen` is there, before or after it.
 */
export async function* scanLetters(log: EventLog, options: ScanOptions = {}): AsyncGenerator<LetterSummary> {
  const { maxHeld = 200_000, onUnreadable = () => {} } = options;
  const { first, next } = await log.offsets([DEAD_LETTER_TOPIC]);
  for (const [partitionKey, end] of next) {
    const partition = Number(partitionKey.slice(DEAD_LETTER_TOPIC.length + 1));
    const start = first.get(partitionKey) ?? 0;
    const rounds = Math.max(1, Math.ceil((end - start) / maxHeld));
    for (let round = 0; round < rounds; round++) {
      const states = new Map<string, LetterState>();
      for await (const record of readRange(log, { topic: DEAD_LETTER_TOPIC, partition }, { start, end })) {
        const parsed = parseDeadLetter(record);
        if (!parsed && round === 0) onUnreadable();
        if (!parsed) continue;
        const identity = `${record.key} ${parsed.first_seen}`;
        if (partitionOf(identity, rounds) !== round) continue;
        states.set(identity, nextState(states.get(identity), record, parsed));
      }
      for (const { letter, redrivenAs } of states.values()) if (letter) yield { ...letter, redrivenAs };
    }
  }
}

interface LetterState {
  readonly letter?: Omit<LetterSummary, "redrivenAs">;
  readonly redrivenAs: Appended | undefined;
}

function nextState(
  state: LetterState = { redrivenAs: undefined },
  record: LogRecord,
  parsed: NonNullable<ReturnType<typeof parseDeadLetter>>,
): LetterState {
  if ("redriven_as" in parsed) return { ...state, redrivenAs: parsed.redriven_as };
  const { key, topic, partition, offset, timestamp } = record;
  const letter = {
    key,
    topic: parsed.topic,
    reasonClass: reasonClass(parsed.reason),
    attempt: parsed.attempt,
    buriedAt: state.letter?.buriedAt ?? timestamp,
    at: { topic, partition, offset },
  };
  return { ...state, letter };
}

/** The letters that the summaries are of, whole, partition by partition; those that the log has lost meanwhile are left out. */
export async function* wholeLetters<T extends LetterSummary>(
  log: EventLog,
  summaries: readonly T[],
): AsyncGenerator<{ readonly summary: T; readonly letter: DeadLetter }> {
  for await (const { wanted, record } of readPlaces(log, summaries, ({ at }) => at)) {
    const letter = parseDeadLetter(record);
    if (letter && "reason" in letter) yield { summary: wanted, letter };
  }
}
