import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { allTopics, DEAD_LETTER_TOPIC, type TableName } from "@cinelake/contracts";
import { openSqlEngine, type Row, type Snapshot, type SqlEngine } from "@cinelake/delta";
import { openEventLog, type Consumer, type EventLog, type LogRecord } from "@cinelake/event_log";
import { openLakeTable } from "@cinelake/lake";
import { openObjectStore, type ObjectStore } from "@cinelake/object_store";
import { temporaryDirectory } from "@cinelake/testkit";
import { parseDeadLetter } from "../src/dead_letter.ts";
import {
  createStreamConsumer,
  type DeadLetter,
  type StreamConsumer,
  type StreamOptions,
  type StreamPorts,
} from "../src/index.ts";

/** A log and a lake. */
export interface World extends AsyncDisposable {
  readonly log: EventLog;
  readonly store: ObjectStore;
  readonly engine: SqlEngine;
}

const silent = { info: () => {}, warn: () => {}, error: () => {} } as unknown as StreamPorts["logger"];

/** A log in memory and a lake in a fresh folder, or both below `dataDir` where the service's own process has them. */
export async function openWorld(dataDir?: string): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const place = dataDir ?? stack.use(await temporaryDirectory()).path;
  const store = stack.use(await openObjectStore(pathToFileURL(join(place, "lakehouse")).href));
  const engine = stack.use(await openSqlEngine({ threads: 2 }));
  const log = stack.use(await openEventLog(dataDir ? pathToFileURL(join(place, "log")).href : "memory:"));
  await log.createTopics(allTopics());
  const opened = stack.move();
  return { log, store, engine, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** A started consumer that flushes on request only; faults are tried again at once. */
export async function startConsumer(
  world: Omit<World, typeof Symbol.asyncDispose> & Pick<StreamPorts, "metrics" | "clock">,
  options: StreamOptions = {},
): Promise<StreamConsumer> {
  const { log, store, engine, metrics, clock } = world;
  const settings = { flushIntervalMs: 3600_000, retryDelaysMs: [1], ...options };
  const ports = { log, store, engine, logger: silent, ...(metrics && { metrics }), ...(clock && { clock }) };
  const consumer = createStreamConsumer(ports, settings);
  await consumer.start();
  return consumer;
}

/** The log, with its consumers wrapped. */
export function withConsumer(log: EventLog, wrap: (consumer: Consumer) => Consumer): EventLog {
  const consumer: EventLog["consumer"] = async (options) => wrap(await log.consumer(options));
  return new Proxy(log, {
    get(target, name) {
      if (name === "consumer") return consumer;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Starts a consumer, lets it write all that is in the log, and stops it. */
export async function drain(
  world: Omit<World, typeof Symbol.asyncDispose>,
  options: StreamOptions = {},
): Promise<void> {
  const consumer = await startConsumer(world, options);
  try {
    await consumer.flush();
  } finally {
    await consumer.stop();
  }
}

export async function snapshotOf(world: World, name: TableName): Promise<Snapshot> {
  return (await openLakeTable(world, name)).snapshot();
}

export async function readTable(world: World, name: TableName): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of (await snapshotOf(world, name)).read()) rows.push(...batch);
  return rows;
}

/** Every record of a topic. */
export async function readTopicRecords(log: EventLog, topic: string): Promise<LogRecord[]> {
  const { first, next } = await log.offsets([topic]);
  const records: LogRecord[] = [];
  for (const [key, end] of next) {
    const partition = Number(key.split("/")[1]);
    for (let offset = first.get(key) ?? 0; offset < end;) {
      const batch = await log.read({ topic, partition, offset }, { maxRecords: 10_000 });
      records.push(...batch);
      offset += batch.length;
    }
  }
  return records;
}

/** Letters by key, without the marks of their redrives. */
export async function deadLetters(log: EventLog): Promise<DeadLetter[]> {
  const records = await readTopicRecords(log, DEAD_LETTER_TOPIC);
  const letters = records.flatMap((record) => {
    const parsed = parseDeadLetter(record);
    return parsed && "reason" in parsed ? [[record.key, parsed] as const] : [];
  });
  return [...new Map(letters).values()];
}
