import { tableSpec, type TableName } from "@cinelake/contracts";
import { openSqlEngine, type Row, type SqlEngine } from "@cinelake/delta";
import { findLakeTable, openLakeTable } from "@cinelake/lake";
import { openObjectStore, type ObjectStore } from "@cinelake/object_store";
import { temporaryDirectory } from "@cinelake/testkit";
import { pathToFileURL } from "node:url";
import type { EtlInput } from "../src/index.ts";

export interface Lake extends AsyncDisposable {
  readonly store: ObjectStore;
  readonly engine: SqlEngine;
}

export async function openLake(): Promise<Lake> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await temporaryDirectory());
  const store = stack.use(await openObjectStore(pathToFileURL(directory.path).href));
  const engine = stack.use(await openSqlEngine({ threads: 2 }));
  const opened = stack.move();
  return { store, engine, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** Lines of the four files; null for an empty field. */
export interface Files {
  readonly ratings: readonly (readonly (string | null)[])[];
  readonly movies: readonly (readonly (string | null)[])[];
  readonly tags?: readonly (readonly (string | null)[])[];
  readonly links?: readonly (readonly (string | null)[])[];
}

export const INGESTED = Date.parse("2026-01-02T12:00:00Z");

/** Writes Bronze as the bootstrap does, and gives what the job is told of it. */
export async function ingest(lake: Lake, ingestionId: string, files: Files): Promise<EtlInput> {
  const ingestionDate = new Date(INGESTED).toISOString().slice(0, 10);
  for (const kind of ["ratings", "movies", "tags", "links"] as const) {
    const name = `bronze_movielens_${kind}_raw` as const;
    const names = tableSpec(name)
      .columns.filter((column) => column.source !== undefined)
      .map(({ name }) => name);
    const rows = (files[kind] ?? []).map((line, index) => ({
      ...Object.fromEntries(names.map((name, at) => [name, line[at] ?? null])),
      dataset_name: "tiny",
      ingestion_id: ingestionId,
      row_number: index + 1,
      ingestion_ts: new Date(INGESTED).toISOString(),
      ingestion_date: ingestionDate,
    }));
    const table = await openLakeTable(lake, name);
    if (rows.length > 0) await table.append({ rows });
  }
  return { ingestionId, datasetName: "tiny", ingestionDate, now: INGESTED + 60_000 };
}

/** All rows of a table in an order of their own; empty if there is no such table. */
export async function readTable(lake: Lake, name: TableName): Promise<Row[]> {
  const snapshot = await snapshotOf(lake, name);
  const rows: Row[] = [];
  for await (const batch of snapshot?.read() ?? []) rows.push(...batch);
  return rows.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** Version of each table that there is. */
export async function versionsOf(lake: Lake, names: readonly TableName[]): Promise<Record<string, number | undefined>> {
  const versions: Record<string, number | undefined> = {};
  for (const name of names) versions[name] = (await snapshotOf(lake, name))?.version;
  return versions;
}

async function snapshotOf(lake: Lake, name: TableName) {
  return (await findLakeTable(lake, name))?.snapshot();
}
