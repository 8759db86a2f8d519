import {
  CinelakeError,
  EVENT_TYPES,
  streamApplicationId,
  tableSpec,
  tablesOfTopic,
  TOPICS,
  type EventTopic,
  type EventType,
  type TableName,
  type TableSpec,
} from "@cinelake/contracts";
import type { ApplicationTransaction, CommitResult, DeltaTable, Row, SqlEngine } from "@cinelake/delta";
import { openLakeTable, type LakePorts } from "@cinelake/lake";
import { identityOf, type EventRow } from "./event_rows.ts";
import type { TableOffsets } from "./offsets.ts";

/** A table with the offsets that its last commit known here carries. */
export interface StreamTable {
  readonly name: TableName;
  readonly spec: TableSpec;
  readonly table: DeltaTable;
  readonly engine: SqlEngine;
  offsets: TableOffsets;
}

/** The two tables that a topic's records go to. */
export interface TopicTables {
  readonly topic: EventTopic;
  readonly type: EventType;
  readonly bronze: StreamTable;
  readonly silver: StreamTable;
}

/** Opens both tables of every topic; offsets are read by `readOffsets`. Either layer has an engine of its own, so that both write at once. */
export async function openTopicTables(
  store: LakePorts["store"],
  engines: { readonly bronze: SqlEngine; readonly silver: SqlEngine },
): Promise<TopicTables[]> {
  const open = async (name: TableName, engine: SqlEngine): Promise<StreamTable> => ({
    name,
    spec: tableSpec(name),
    table: await openLakeTable({ store, engine }, name),
    engine,
    offsets: new Map(),
  });
  const opened: TopicTables[] = [];
  for (const type of EVENT_TYPES) {
    const topic = TOPICS[type];
    const names = tablesOfTopic(topic);
    const bronze = await open(names.bronze, engines.bronze);
    const silver = await open(names.silver, engines.silver);
    opened.push({ topic, type, bronze, silver });
  }
  return opened;
}

/** Reads again what the tables' logs say of the topic's partitions. */
export async function readOffsets({ topic, bronze, silver }: TopicTables, partitions: Iterable<number>): Promise<void> {
  const wanted = [...partitions];
  for (const each of [bronze, silver]) {
    const snapshot = await each.table.snapshot();
    const offsets = wanted.map(
      (partition) => [partition, snapshot.transaction(streamApplicationId(topic, partition))] as const,
    );
    const known = offsets.filter((entry): entry is [number, number] => entry[1] !== undefined);
    each.offsets = new Map([...[...each.offsets].filter(([partition]) => !wanted.includes(partition)), ...known]);
  }
}

/** What the Silver table had of a flush's candidates. */
export interface KnownEvents {
  /** Version of the table that was looked at. */
  readonly version: number;
  /** Its rows with the identity of a candidate. */
  readonly rows: readonly EventRow[];
}

/**
 * Looks candidates up in the Silver table, by a scan of their days: first of their ids alone, for hardly any candidate is known, then of the
 * few rows.
 */
export async function knownEvents(
  { table, engine }: StreamTable,
  candidates: readonly EventRow[],
): Promise<KnownEvents> {
  const snapshot = await table.snapshot();
  const { version } = snapshot;
  const days = [...new Set(candidates.map((row) => row.event_date))];
  await using scan = await snapshot.scan({ where: [{ column: "event_date", op: "in", value: days }] });
  if (candidates.length === 0 || scan.files === 0) return { version, rows: [] };
  const among = `FROM ${scan.sql} WHERE event_id IN (SELECT unnest(from_json(?, '["VARCHAR"]')))`;
  const ids = JSON.stringify(candidates.map((row) => row.event_id));
  const found = await engine.rows<{ event_id: string }>(`SELECT DISTINCT event_id ${among}`, [ids]);
  if (found.length === 0) return { version, rows: [] };
  const wanted = new Set(candidates.map(identityOf));
  const rows = await engine.rows<EventRow>(`SELECT * ${among}`, [JSON.stringify(found.map((row) => row.event_id))]);
  return { version, rows: rows.filter((row) => wanted.has(identityOf(row))) };
}

/**
 * A commit's guard: another member may have written a candidate's identity, under another user, since it was looked up. Fails with
 * `delta_conflict`, after which the flush is planned anew.
 */
function unlessKnownSince(silver: StreamTable, candidates: readonly EventRow[], known: KnownEvents) {
  let lookedAt = known.version;
  return async (version: number): Promise<void> => {
    if (version <= lookedAt) return;
    const now = await knownEvents(silver, candidates);
    if (now.rows.length !== known.rows.length) {
      const text = `Another member has written an event to ${silver.name} that is about to be written; the flush is planned anew`;
      throw new CinelakeError("delta_conflict", text);
    }
    lookedAt = now.version;
  };
}

/** Appends to Bronze, or writes nothing but the offsets if there are no rows. */
export function commitRows(
  { table }: StreamTable,
  rows: Iterable<Row>,
  transactions: readonly ApplicationTransaction[],
): Promise<CommitResult> {
  return table.append({ rows }, { transactions, allowEmpty: true });
}

/** Commits a topic's events: a merge if some replace rows of the table, else an append. */
export function commitEvents(
  silver: StreamTable,
  plan: {
    readonly insert: readonly EventRow[];
    readonly replace: readonly EventRow[];
    readonly candidates: readonly EventRow[];
    readonly known: KnownEvents;
  },
  transactions: readonly ApplicationTransaction[],
): Promise<CommitResult> {
  const { insert, replace, candidates, known } = plan;
  const options = { transactions, allowEmpty: true, guard: unlessKnownSince(silver, candidates, known) };
  if (replace.length === 0) return silver.table.append({ rows: insert }, options);
  const rows = [...insert, ...replace];
  const days = [...new Set(rows.map((row) => row.event_date))];
  return silver.table.merge(
    { rows },
    { ...options, key: ["event_id", "event_date"], where: [{ column: "event_date", op: "in", value: days }] },
  );
}
