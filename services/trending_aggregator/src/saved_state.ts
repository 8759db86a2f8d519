import { CinelakeError, findError } from "@cinelake/contracts";
import type { EventLog, Offsets } from "@cinelake/event_log";
import type { ObjectStore } from "@cinelake/object_store";

const STATE_KEY = "state/trending_aggregator.bin";

/** Counts and the offsets up to which they have read: together, so that a restart neither loses an event nor needs the whole log. */
export interface SavedState {
  readonly offsets: Offsets;
  /** When the log took the record before each of these offsets, milliseconds since the epoch: what tells one log from another. */
  readonly lastTimes: ReadonlyMap<string, number>;
  readonly trending: Uint8Array;
}

/** Length of the header (uint32, little endian), the header as JSON, the snapshot. */
export async function saveState(store: ObjectStore, { offsets, lastTimes, trending }: SavedState): Promise<void> {
  const header = new TextEncoder().encode(
    JSON.stringify({ offsets: Object.fromEntries(offsets), lastTimes: Object.fromEntries(lastTimes) }),
  );
  const bytes = new Uint8Array(4 + header.length + trending.length);
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(header, 4);
  bytes.set(trending, 4 + header.length);
  await store.put(STATE_KEY, bytes);
}

/**
 * What was saved last, if it is of this log; undefined if nothing was. Fails with `invalid_argument` for the state of another log, with a
 * SyntaxError, TypeError or RangeError for bytes that are something else.
 */
export async function loadState(store: ObjectStore, log: EventLog, next: Offsets): Promise<SavedState | undefined> {
  const saved = await readState(store);
  const problem = saved && (await whyOfAnotherLog(saved, log, next));
  if (problem) throw new CinelakeError("invalid_argument", `The state is of another log: ${problem}`);
  return saved;
}

async function readState(store: ObjectStore): Promise<SavedState | undefined> {
  try {
    const bytes = await store.get(STATE_KEY);
    const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as {
      offsets: Record<string, number>;
      lastTimes: Record<string, number>;
    };
    const entries = (fields: Record<string, number>) => new Map(Object.entries(fields));
    return {
      offsets: entries(header.offsets),
      lastTimes: entries(header.lastTimes),
      trending: bytes.subarray(4 + length),
    };
  } catch (error) {
    if (findError(error, "object_not_found")) return undefined;
    throw error;
  }
}

/** A log that ends before the offsets, or took the record before one of them at another time, is another one. */
async function whyOfAnotherLog(saved: SavedState, log: EventLog, next: Offsets): Promise<string | undefined> {
  for (const [key, offset] of saved.offsets) {
    const end = next.get(key) ?? 0;
    if (offset > end) return `${key} was read up to ${offset}, but the log ends at ${end}`;
    const [topic = "", partition] = key.split("/");
    const at = { topic, partition: Number(partition), offset: offset - 1 };
    const [last] = await log.read(at, { maxRecords: 1 }).catch((error: unknown) => {
      if (findError(error, "log_offset_out_of_range")) return []; // no longer kept
      throw error;
    });
    const time = saved.lastTimes.get(key);
    if (last && last.timestamp !== time)
      return `record ${offset - 1} of ${key} is of ${last.timestamp}, not of ${time}`;
  }
  return undefined;
}
