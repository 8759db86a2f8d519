import { findError } from "@cinelake/contracts";
import { partitionKey, type Appended, type EventLog, type LogRecord, type TopicPartition } from "@cinelake/event_log";

const BATCH = 1000;

/** A partition's records from `start` to before `end`, in order. */
export async function* readRange(
  log: EventLog,
  at: TopicPartition,
  { start, end }: { readonly start: number; readonly end: number },
): AsyncGenerator<LogRecord> {
  for (let offset = start; offset < end;) {
    const records = await log.read({ ...at, offset }, { maxRecords: BATCH });
    for (const record of records) if (record.offset < end) yield record;
    const last = records.at(-1);
    if (!last) return;
    offset = last.offset + 1;
  }
}

/** The record at each place, partition by partition in order of offsets; places that the log does not keep are left out. */
export async function* readPlaces<T>(
  log: EventLog,
  wanted: readonly T[],
  placeOf: (each: T) => Appended,
): AsyncGenerator<{ readonly wanted: T; readonly record: LogRecord }> {
  for (const ofPartition of Map.groupBy(wanted, (each) => partitionKey(placeOf(each))).values()) {
    const waiting = ofPartition.toSorted((a, b) => placeOf(a).offset - placeOf(b).offset);
    for (let index = 0; index < waiting.length;) {
      const records = await readFrom(log, placeOf(waiting[index]!));
      if (records.length === 0) index++;
      for (const record of records) {
        while (index < waiting.length && placeOf(waiting[index]!).offset < record.offset) index++;
        for (; index < waiting.length && placeOf(waiting[index]!).offset === record.offset; index++)
          yield { wanted: waiting[index]!, record };
      }
    }
  }
}

async function readFrom(log: EventLog, place: Appended): Promise<LogRecord[]> {
  try {
    return await log.read(place, { maxRecords: BATCH });
  } catch (error) {
    if (findError(error, "log_offset_out_of_range", "topic_unknown")) return [];
    throw error;
  }
}
