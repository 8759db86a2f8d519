import { ARRIVAL_COLUMNS, identityOf, type EventRow } from "./event_rows.ts";

/** What a batch of valid events does to the Silver table. `candidate` indexes count from 0. */
export interface DedupePlan {
  /** Events that the table does not have. */
  readonly insert: readonly EventRow[];
  /** Events that replace the table's row of the same identity. */
  readonly replace: readonly EventRow[];
  /** Candidates dropped as repeats or as older than what is known. */
  readonly repeats: number;
  /** Candidates whose `event_id` another user has on that day. */
  readonly conflicts: readonly number[];
}

/**
 * M35: an event is its `event_id` and the UTC day of `event_ts`. An exact repeat is dropped; other content replaces if its
 * `event_ts` is later, or equal and its offset is later, or the record is the same one, read anew with another result (a replay after a
 * fix); another user's event never replaces. A fold over the candidates in their
 * order, so splitting them into batches (with `known` read again between) changes nothing. Candidates of one user come in offset order.
 */
export function planDedupe(candidates: readonly EventRow[], known: Iterable<EventRow>): DedupePlan {
  const kept = new Map<string, { row: EventRow; stored: boolean; changed: boolean }>();
  for (const row of known) kept.set(identityOf(row), { row, stored: true, changed: false });
  const conflicts: number[] = [];
  let repeats = 0;
  candidates.forEach((row, index) => {
    const identity = identityOf(row);
    const holder = kept.get(identity);
    if (!holder) kept.set(identity, { row, stored: false, changed: true });
    else if (holder.row.user_id !== row.user_id) conflicts.push(index);
    else {
      repeats++;
      if (replaces(row, holder.row)) kept.set(identity, { row, stored: holder.stored, changed: true });
    }
  });
  const changed = [...kept.values()].filter((each) => each.changed);
  return {
    insert: changed.filter((each) => !each.stored).map(({ row }) => row),
    replace: changed.filter((each) => each.stored).map(({ row }) => row),
    repeats,
    conflicts,
  };
}

function replaces(row: EventRow, holder: EventRow): boolean {
  if (row.event_ts !== holder.event_ts) return row.event_ts > holder.event_ts;
  if (sameContent(row, holder)) return false;
  if (row.log_offset !== holder.log_offset) return row.log_offset > holder.log_offset;
  return row.log_partition >= holder.log_partition;
}

function sameContent(a: EventRow, b: EventRow): boolean {
  const arrival: readonly string[] = ARRIVAL_COLUMNS;
  return Object.keys(a).every((column) => arrival.includes(column) || a[column] === b[column]);
}
