import { join } from "node:path";
import {
  DEAD_LETTER_TOPIC,
  EVENT_TOPICS,
  streamApplicationId,
  tablePath,
  tableSpec,
  type TableName,
} from "@cinelake/contracts";
import { openSqlEngine, openTable, type Row } from "@cinelake/delta";
import type { EventLog } from "@cinelake/event_log";
import { openObjectStore } from "@cinelake/object_store";
import { openChdb } from "@cinelake/testkit";
import { expect } from "vitest";
import { eventually } from "../platform.ts";
import { recordsOf, SILVER_TABLES, type Expected } from "./oracle.ts";
import type { Sent } from "./producer.ts";

/** Reads columns of a table. */
export type ReadColumns = (name: TableName, columns: string) => Promise<Row[]>;

/** Opens the lake of a data directory, beside whoever works on it. */
export async function openLake(
  directory: string,
): Promise<AsyncDisposable & { readonly read: ReadColumns; readonly offset: TableOffset }> {
  await using opened = new AsyncDisposableStack();
  const store = opened.use(await openObjectStore(join(directory, "lakehouse")));
  const engine = opened.use(await openSqlEngine({ memoryLimit: "1GB" }));
  const snapshot = async (name: TableName) =>
    (await openTable({ store, engine, path: tablePath(tableSpec(name)) })).snapshot();
  const resources = opened.move();
  return {
    async read(name, columns) {
      await using scan = await (await snapshot(name)).scan();
      return await engine.rows<Row>(`SELECT ${columns} FROM ${scan.sql}`);
    },
    offset: async (name, topic, partition) =>
      (await snapshot(name)).transaction(streamApplicationId(topic, partition)) ?? 0,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
type TableOffset = (name: TableName, topic: string, partition: number) => Promise<number>;

/** Resolves once Bronze and Silver have all that is in the log. */
export async function drained(log: EventLog, offset: TableOffset, withinMs: number): Promise<void> {
  await eventually(
    async () => {
      const { next } = await log.offsets(EVENT_TOPICS);
      const missing: string[] = [];
      for (const { topic, bronze, silver } of SILVER_TABLES) {
        for (const [key, end] of [...next].filter(([each]) => each.startsWith(`${topic}/`))) {
          const partition = Number(key.split("/")[1]);
          const written = Math.min(await offset(bronze, topic, partition), await offset(silver, topic, partition));
          if (written !== end) missing.push(`${key} is at ${written} of ${end}`);
        }
      }
      return missing;
    },
    (missing) => missing.length === 0,
    withinMs,
  );
}

/** Every acknowledged event is in the log, no refused one is. */
export function expectLogged({ acknowledged, refused }: Sent, expected: readonly Expected[]): void {
  const logged = new Set(expected.flatMap(({ kept }) => [...kept.values()].map((event) => String(event["event_id"]))));
  expect(acknowledged.size).toBeGreaterThan(0);
  expect([...acknowledged.difference(logged)].slice(0, 5)).toEqual([]);
  expect([...refused.intersection(logged)].slice(0, 5)).toEqual([]);
}

/** Every record is in Bronze once; every valid event is in Silver once, with the content that stays. */
export async function expectTables(read: ReadColumns, expected: readonly Expected[]): Promise<void> {
  for (const { topic, bronze, silver } of SILVER_TABLES) {
    const { records, kept } = expected.find((each) => each.topic === topic)!;
    const raw = await read(bronze, `partition, "offset", value`);
    const values = new Map(raw.map((row) => [`${String(row["partition"])}/${String(row["offset"])}`, row["value"]]));
    expect([bronze, raw.length, values.size]).toEqual([bronze, records.length, records.length]);
    const altered = records.filter(
      ({ partition, offset, value }) => values.get(`${partition}/${offset}`) !== Buffer.from(value).toString(),
    );
    expect([bronze, altered.slice(0, 5)]).toEqual([bronze, []]);

    const rows = await read(silver, "* EXCLUDE (log_partition, log_offset, ingestion_ts)");
    const identities = new Set(rows.map((row) => `${String(row["event_date"])}/${String(row["event_id"])}`));
    expect([silver, rows.length, identities.size]).toEqual([silver, kept.size, kept.size]);
    const wrong = rows.filter(
      (row) => !isRowOf(row, kept.get(`${String(row["event_date"])}/${String(row["event_id"])}`)),
    );
    expect([silver, wrong.slice(0, 5)]).toEqual([silver, []]);
  }
}

function isRowOf(row: Row, event: Readonly<Record<string, unknown>> | undefined): boolean {
  if (!event) return false;
  const { event_date: _, ...columns } = row;
  return Object.entries(columns).every(([column, value]) => value === (event[column] ?? null));
}

/** Each dead letter is there, under a key of its own; none is of a valid event. Gives how many were written more than once. */
export async function expectDeadLetters(log: EventLog, expected: readonly Expected[]): Promise<number> {
  const keys = (await recordsOf(log, DEAD_LETTER_TOPIC)).map(({ key }) => key);
  const distinct = new Set(keys);
  const dead = new Set(expected.flatMap((each) => [...each.dead]));
  expect([...dead.difference(distinct)].slice(0, 5)).toEqual([]);
  expect([...distinct.difference(dead)].slice(0, 5)).toEqual([]);
  return keys.length - distinct.size;
}

const REFERENCES = [
  ["silver_movies", "movie_id"],
  ["silver_users", "user_id"],
] as const;

/** Films and users that the tables know, by table. */
export type Catalogue = ReadonlyMap<TableName, ReadonlySet<unknown>>;

export async function readCatalogue(read: ReadColumns): Promise<Catalogue> {
  const known = REFERENCES.map(async ([table, column]) => {
    const rows = await read(table, `${column}, is_placeholder`);
    return [table, new Set(rows.filter((row) => !row["is_placeholder"]).map((row) => row[column]))] as const;
  });
  return new Map(await Promise.all(known));
}

/** Films and users of events are there once each, as placeholders where the catalogue did not know them. */
export async function expectReferences(
  read: ReadColumns,
  expected: readonly Expected[],
  catalogue: Catalogue,
): Promise<void> {
  const events = expected.flatMap(({ kept }) => [...kept.values()]);
  for (const [table, column] of REFERENCES) {
    const rows = await read(table, `${column}, is_placeholder`);
    const placeholders = new Map(rows.map((row) => [row[column], row["is_placeholder"]]));
    expect([table, placeholders.size]).toEqual([table, rows.length]);
    const used = new Set(events.map((event) => event[column]));
    const known = catalogue.get(table)!;
    const wrong = [...used].filter((id) => placeholders.get(id) === known.has(id) || !placeholders.has(id));
    expect([table, wrong.slice(0, 5)]).toEqual([table, []]);
    expect([table, used.difference(known).size > 0, used.intersection(known).size > 0]).toEqual([table, true, true]);
  }
}

/** Another engine counts the same rows and ids in each table. */
export async function expectOtherReaderAgrees(directory: string, expected: readonly Expected[]): Promise<void> {
  const lake = join(directory, "lakehouse");
  await using chdb = openChdb(lake);
  const count = async (name: TableName, columns: string) =>
    (await chdb.rows(`SELECT ${columns} FROM deltaLakeLocal('${join(lake, tablePath(tableSpec(name)))}')`))[0];
  for (const { topic, bronze, silver } of SILVER_TABLES) {
    const { records, kept } = expected.find((each) => each.topic === topic)!;
    const [raw, events] = [String(records.length), String(kept.size)];
    const ids = String(new Set(records.map(({ value }) => idOf(Buffer.from(value).toString()))).size);
    const columns =
      "count() AS rows, uniqExact(partition, offset) AS records, uniqExact(JSONExtractString(value, 'event_id')) AS ids";
    expect([bronze, await count(bronze, columns)]).toEqual([bronze, { rows: raw, records: raw, ids }]);
    expect([silver, await count(silver, "count() AS rows, uniqExact(event_id, event_date) AS events")]).toEqual([
      silver,
      { rows: events, events },
    ]);
  }
}

function idOf(value: string): string {
  try {
    return (JSON.parse(value) as { event_id: string }).event_id;
  } catch {
    return "";
  }
}
