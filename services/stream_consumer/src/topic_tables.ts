import {
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

/**
 * Rows of the Silver table with the identity of a candidate, by a scan of the candidates' days: first of their ids alone, for hardly any
 * candidate is known, then of the few rows.
 */
export async function knownEvents(
  { table, engine }: StreamTable,
  candidates: readonly EventRow[],
): Promise<EventRow[]> {
  if (candidates.length === 0) return [];
  const days = [...new Set(candidates.map((row) => row.event_date))];
  await using scan = await (await table.snapshot()).scan({ where: [{ column: "event_date", op: "in", value: days }] });
  if (scan.files === 0) return [];
  const among = `FROM ${scan.sql} WHERE event_id IN (SELECT unnest(from_json(?, '["VARCHAR"]')))`;
  const ids = JSON.stringify(candidates.map((row) => row.event_id));
  const known = await engine.rows<{ event_id: string }>(`SELECT DISTINCT event_id ${among}`, [ids]);
  if (known.length === 0) return [];
  const wanted = new Set(candidates.map(identityOf));
  const rows = await engine.rows<EventRow>(`SELECT * ${among}`, [JSON.stringify(known.map((row) => row.event_id))]);
  return rows.filter((row) => wanted.has(identityOf(row)));
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
  plan: { readonly insert: readonly EventRow[]; readonly replace: readonly EventRow[] },
  transactions: readonly ApplicationTransaction[],
): Promise<CommitResult> {
  if (plan.replace.length === 0) return commitRows(silver, plan.insert, transactions);
  const rows = [...plan.insert, ...plan.replace];
  const days = [...new Set(rows.map((row) => row.event_date))];
  return silver.table.merge(
    { rows },
    {
      key: ["event_id", "event_date"],
      where: [{ column: "event_date", op: "in", value: days }],
      transactions,
      allowEmpty: true,
    },
  );
}
