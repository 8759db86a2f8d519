import {
  CinelakeError,
  findError,
  streamApplicationId,
  tableSpec,
  tablesOfTopic,
  type EventTopic,
  type TableName,
} from "@cinelake/contracts";
import type { SqlEngine } from "@cinelake/delta";
import { partitionKey, type EventLog, type TopicPartition } from "@cinelake/event_log";
import { findLakeTable } from "@cinelake/lake";
import type { ObjectStore } from "@cinelake/object_store";
import type { StreamTable } from "../topic_tables.ts";
import { planPartition, type PartitionReplay, type TablePosition } from "./plan.ts";
import { bronzeReach, offsetAtTime } from "./positions.ts";

/** Where to read again from; `timestamp` in milliseconds since the epoch, of the log's clock. */
export type ReplayStart = "earliest" | "latest" | { readonly offset: number } | { readonly timestamp: number };

export interface ReplayRequest {
  readonly from: ReplayStart;
  readonly topics: readonly EventTopic[];
  /** Only this partition; default all. */
  readonly partition?: number;
}

export interface ReplayPorts {
  readonly log: EventLog;
  /** The lake. */
  readonly store: ObjectStore;
  readonly engine: SqlEngine;
}

/** A consumer that commits meanwhile makes a replay look again, this often. */
const ATTEMPTS = 5;

/** What a replay would do, partition by partition; writes nothing. Fails with `topic_unknown`, also for a partition that no topic has. */
export async function planReplay(ports: ReplayPorts, request: ReplayRequest): Promise<PartitionReplay[]> {
  return (await lookUp(ports, request)).map(({ plan }) => plan);
}

/**
 * Sets the tables' offsets to where the log is to be read again, each table by one commit that replaces the offsets it was planned from.
 * The stream consumer reads on from there: one that runs looks at the tables' offsets every few seconds, and its commits fail before.
 * Gives what was done. Made again after a crash it does what is left.
 */
export async function replayEvents(ports: ReplayPorts, request: ReplayRequest): Promise<PartitionReplay[]> {
  for (let attempt = 1; ; attempt++) {
    const found = await lookUp(ports, request);
    try {
      for (const [tables, ofTopic] of Map.groupBy(found, (each) => each.tables)) {
        const moves = ofTopic.flatMap(({ plan }) => plan.moves);
        for (const table of [tables.silver, tables.bronze]) if (table) await setOffsets(table, moves);
      }
      return found.map(({ plan }) => plan);
    } catch (error) {
      if (attempt === ATTEMPTS || !findError(error, "delta_txn_conflict", "delta_conflict")) throw error;
    }
  }
}

/** A topic's tables as far as they exist: the stream consumer makes those that do not, and reads everything for them. */
interface FoundTables {
  readonly silver: StreamTable | undefined;
  readonly bronze: StreamTable | undefined;
}

interface Found {
  readonly tables: FoundTables;
  readonly plan: PartitionReplay;
}

async function lookUp(ports: ReplayPorts, request: ReplayRequest): Promise<Found[]> {
  const { log } = ports;
  const counts = await log.topics();
  const found: Found[] = [];
  for (const topic of request.topics) {
    const names = tablesOfTopic(topic);
    const partitions = partitionsOf(topic, counts.get(topic) ?? 0, request.partition);
    const tables = {
      silver: await findTable(ports, names.silver, topic, partitions),
      bronze: await findTable(ports, names.bronze, topic, partitions),
    };
    // After the tables': a consumer that commits in between must not look as if its tables were ahead of the log.
    const { first, next } = await log.offsets([topic]);
    for (const partition of partitions) {
      const at = { topic, partition };
      const kept = { first: first.get(partitionKey(at)) ?? 0, next: next.get(partitionKey(at)) ?? 0 };
      const from = await resolveStart(log, at, kept, request.from);
      const position = { ...at, ...kept, from, tables: await positionsOf(log, tables, at, { from, ...kept }) };
      found.push({ tables, plan: planPartition(position) });
    }
  }
  return found;
}

async function findTable(
  ports: ReplayPorts,
  name: TableName,
  topic: EventTopic,
  partitions: readonly number[],
): Promise<StreamTable | undefined> {
  const table = await findLakeTable(ports, name);
  if (!table) return undefined;
  const snapshot = await table.snapshot();
  const offsets = new Map<number, number>();
  for (const partition of partitions) {
    const offset = snapshot.transaction(streamApplicationId(topic, partition));
    if (offset !== undefined) offsets.set(partition, offset);
  }
  return { name, spec: tableSpec(name), table, engine: ports.engine, offsets };
}

function partitionsOf(topic: string, count: number, only: number | undefined): number[] {
  if (only === undefined) return Array.from({ length: count }, (_, partition) => partition);
  if (only < count) return [only];
  throw new CinelakeError(
    "topic_unknown",
    `Topic ${topic} has ${count} partitions, counted from 0: there is no ${only}`,
  );
}

async function resolveStart(
  log: EventLog,
  at: TopicPartition,
  { first, next }: { readonly first: number; readonly next: number },
  from: ReplayStart,
): Promise<number> {
  if (from === "earliest") return first;
  if (from === "latest") return next;
  if ("offset" in from) return from.offset;
  return offsetAtTime(log, at, { start: first, end: next }, from.timestamp);
}

async function positionsOf(
  log: EventLog,
  { silver, bronze }: FoundTables,
  at: TopicPartition & { readonly topic: EventTopic },
  { from, first, next }: { readonly from: number; readonly first: number; readonly next: number },
): Promise<TablePosition[]> {
  const names = tablesOfTopic(at.topic);
  const [ofSilver, ofBronze] = [silver, bronze].map((table) => table?.offsets.get(at.partition));
  const range = { start: Math.min(Math.max(from, first), next), end: Math.min(ofBronze ?? 0, next) };
  const has = bronze ? await bronzeReach(log, bronze, at, range) : 0;
  return [
    { table: names.silver, offset: ofSilver, has: 0 },
    { table: names.bronze, offset: ofBronze, has },
  ];
}

async function setOffsets({ name, table }: StreamTable, moves: PartitionReplay["moves"]): Promise<void> {
  const transactions = moves
    .filter((move) => move.table === name)
    .map(({ topic, partition, expected, offset }) => ({
      appId: streamApplicationId(topic, partition),
      version: offset,
      expected,
    }));
  if (transactions.length === 0) return;
  await table.append({ rows: [] }, { transactions, allowEmpty: true, userMetadata: "events replay" });
}
