import { CORRELATION_HEADER } from "@cinelake/contracts";
import type { LogRecord, NewRecord } from "@cinelake/event_log";
import { deadLetter } from "./dead_letter.ts";
import type { Decoded } from "./decode.ts";
import { planDedupe } from "./dedupe.ts";
import { bronzeRow, type EventRow } from "./event_rows.ts";
import { offsetsAfter, planTransactions, unwritten } from "./offsets.ts";
import type { KnownEvents, TopicTables } from "./topic_tables.ts";
import type { ApplicationTransaction, Row } from "@cinelake/delta";

/** A topic's records as far as its tables do not have them, before the Silver table has been asked for known events. */
export interface FreshRecords {
  readonly tables: TopicTables;
  /** Records that Bronze lacks. */
  readonly raw: readonly Decoded[];
  /** Records that Silver lacks. */
  readonly fresh: readonly Decoded[];
  /** Rows of the valid ones among `fresh`, and their records. */
  readonly candidates: readonly EventRow[];
  readonly candidateRecords: readonly LogRecord[];
}

/** A record that cannot be used. */
export interface Letter {
  /** For the dead-letter topic. */
  readonly record: NewRecord;
  readonly reason: string;
  /** Of the request that caused the record; undefined if it does not say so. */
  readonly correlationId: string | undefined;
}

/** Everything that a flush writes for one topic. */
export interface TopicPlan {
  readonly tables: TopicTables;
  /** Bronze rows are made when they are written: all of them would take as much memory as the records. */
  readonly bronze: { readonly rows: Iterable<Row>; readonly transactions: readonly ApplicationTransaction[] };
  readonly silver: {
    readonly insert: readonly EventRow[];
    readonly replace: readonly EventRow[];
    /** What was looked up, and what was found. */
    readonly candidates: readonly EventRow[];
    readonly known: KnownEvents;
    readonly transactions: readonly ApplicationTransaction[];
  };
  readonly deadLetters: readonly Letter[];
  /** Films and users of valid events; who is unknown gets a placeholder. */
  readonly movieIds: readonly number[];
  readonly userIds: readonly number[];
  readonly repeats: number;
}

/** Those of a topic's records that its tables lack; pure. */
export function freshRecords(tables: TopicTables, decoded: readonly Decoded[]): FreshRecords {
  const at = ({ record }: Decoded) => record;
  const fresh = unwritten(decoded, at, tables.silver.offsets);
  const candidates: EventRow[] = [];
  const candidateRecords: LogRecord[] = [];
  for (const { record, result } of fresh) {
    if (!result.ok) continue;
    candidates.push(result.row);
    candidateRecords.push(record);
  }
  return { tables, raw: unwritten(decoded, at, tables.bronze.offsets), fresh, candidates, candidateRecords };
}

/** Decides what goes where; by what the Silver table was found to have. Pure. */
export function planTopic(records: FreshRecords, known: KnownEvents): TopicPlan {
  const { tables, raw, fresh, candidates, candidateRecords } = records;
  const { topic, bronze, silver } = tables;
  const dedupe = planDedupe(candidates, known.rows);
  const written = [...dedupe.insert, ...dedupe.replace];
  const offsetsOf = (decoded: readonly Decoded[]) => offsetsAfter(decoded.map(({ record }) => record));
  const letters: { record: LogRecord; reason: string }[] = fresh.flatMap(({ record, result }) =>
    result.ok ? [] : [{ record, reason: result.reason }],
  );
  for (const index of dedupe.conflicts) {
    const [record, row] = [candidateRecords[index], candidates[index]];
    if (record && row)
      letters.push({ record, reason: `event_id_conflict: another user has ${row.event_id} on ${row.event_date}` });
  }
  return {
    tables,
    bronze: {
      rows: lazily(raw, bronzeRow),
      transactions: planTransactions(topic, bronze.offsets, offsetsOf(raw)),
    },
    silver: {
      insert: dedupe.insert,
      replace: dedupe.replace,
      candidates,
      known,
      transactions: planTransactions(topic, silver.offsets, offsetsOf(fresh)),
    },
    deadLetters: letters.map(({ record, reason }) => ({
      record: deadLetter(record, reason),
      reason,
      correlationId: record.headers[CORRELATION_HEADER],
    })),
    movieIds: [...new Set(written.map((row) => row.movie_id))],
    userIds: [...new Set(written.map((row) => row.user_id))],
    repeats: dedupe.repeats,
  };
}

function lazily<A, B>(items: readonly A[], make: (item: A) => B): Iterable<B> {
  return { [Symbol.iterator]: () => items.values().map(make) };
}
