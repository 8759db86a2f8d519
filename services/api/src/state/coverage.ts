import { partitionKey, type Offsets, type TopicPartition } from "@cinelake/event_log";

/** Offsets [from, to) of a partition that the log no longer has. */
export interface Gap extends TopicPartition {
  readonly from: number;
  readonly to: number;
}

/** Where to read the log from, and what must come from tables instead. */
export interface Coverage {
  readonly start: Offsets;
  readonly gaps: readonly Gap[];
}

/**
 * What to read so that nothing after a model's offsets is missed: each partition from the offset that the model does not know, or from
 * the first that the log still has, the part before it being a gap. A model that is ahead of the log (the log was begun anew) starts at
 * the log's end.
 */
export function planCoverage(
  partitions: readonly TopicPartition[],
  log: { readonly first: Offsets; readonly next: Offsets },
  model: Readonly<Record<string, number>>,
): Coverage {
  const start = new Map<string, number>();
  const gaps: Gap[] = [];
  for (const at of partitions) {
    const key = partitionKey(at);
    const first = log.first.get(key) ?? 0;
    const wanted = Math.min(model[key] ?? 0, log.next.get(key) ?? 0);
    start.set(key, Math.max(first, wanted));
    if (wanted < first) gaps.push({ ...at, from: wanted, to: first });
  }
  return { start, gaps };
}

/** Whether reading from `start` has all that a model with these offsets does not know. */
export function covers(start: Offsets, model: Readonly<Record<string, number>>): boolean {
  return [...start].every(([key, offset]) => offset === 0 || offset <= (model[key] ?? 0));
}

/** Whether every partition of the position has been read up to it; one that is not among `read` counts as read up to `otherwise`. */
export function reached(read: Offsets, position: Offsets, otherwise = Infinity): boolean {
  return [...position].every(([key, offset]) => (read.get(key) ?? otherwise) >= offset);
}
