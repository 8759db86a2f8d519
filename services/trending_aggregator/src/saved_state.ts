import { findError } from "@cinelake/contracts";
import type { Offsets } from "@cinelake/event_log";
import type { ObjectStore } from "@cinelake/object_store";

const STATE_KEY = "state/trending_aggregator.bin";

/** Counts and the offsets up to which they have read: together, so that a restart neither loses an event nor needs the whole log. */
export interface SavedState {
  readonly offsets: Offsets;
  readonly trending: Uint8Array;
}

/** Length of the offsets' JSON (uint32, little endian), the JSON, the snapshot. */
export async function saveState(store: ObjectStore, { offsets, trending }: SavedState): Promise<void> {
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(offsets)));
  const bytes = new Uint8Array(4 + header.length + trending.length);
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(header, 4);
  bytes.set(trending, 4 + header.length);
  await store.put(STATE_KEY, bytes);
}

/** What was saved last; undefined if nothing was. Fails with a SyntaxError or RangeError for bytes that are something else. */
export async function loadState(store: ObjectStore): Promise<SavedState | undefined> {
  try {
    const bytes = await store.get(STATE_KEY);
    const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
    const header = new TextDecoder().decode(bytes.subarray(4, 4 + length));
    const offsets = new Map(Object.entries(JSON.parse(header) as Record<string, number>));
    return { offsets, trending: bytes.subarray(4 + length) };
  } catch (error) {
    if (findError(error, "object_not_found")) return undefined;
    throw error;
  }
}

/** Why saved offsets cannot belong to the log, if it ends before them. */
export function beyondLog(saved: Offsets, next: Offsets): string | undefined {
  const ahead = [...saved].find(([key, offset]) => offset > (next.get(key) ?? 0));
  return ahead && `${ahead[0]} was read up to ${ahead[1]}, but the log ends at ${next.get(ahead[0]) ?? 0}`;
}
