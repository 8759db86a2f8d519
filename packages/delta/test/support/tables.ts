import { openObjectStore, type ObjectStore } from "@cinelake/object_store";
import {
  openSqlEngine,
  type DataType,
  type DeltaTable,
  type Row,
  type SqlEngine,
  type StructType,
  type TableContext,
} from "@cinelake/delta";

export interface Lake extends AsyncDisposable {
  readonly store: ObjectStore;
  readonly engine: SqlEngine;
  readonly context: TableContext;
}

/** A store (in memory unless named), an engine and the place `lake/t` for a table. */
export async function openLake(url = "memory:"): Promise<Lake> {
  const store = await openObjectStore(url);
  const engine = await openSqlEngine({ threads: 1, memoryLimit: "512MB" });
  const context: TableContext = {
    store,
    path: "lake/t",
    engine,
    onCheckpointError: (error) => {
      throw error;
    },
  };
  return {
    store,
    engine,
    context,
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** A schema of nullable columns; `!` behind the name makes one that takes no null. */
export function struct(columns: Readonly<Record<string, DataType>>): StructType {
  return {
    type: "struct",
    fields: Object.entries(columns).map(([name, type]) => ({
      name: name.replace("!", ""),
      type,
      nullable: !name.endsWith("!"),
      metadata: {},
    })),
  };
}

/** All rows of a version, sorted by their text. */
export async function rowsOf(table: DeltaTable, version?: number): Promise<Row[]> {
  const snapshot = await table.snapshot(version === undefined ? undefined : { version });
  const rows: Row[] = [];
  for await (const batch of snapshot.read()) rows.push(...batch);
  return sorted(rows);
}

export function sorted(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
}

function textOf(row: Row): string {
  return JSON.stringify(row, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
}

export async function keysBelow(store: ObjectStore, prefix: string): Promise<string[]> {
  return (await Array.fromAsync(store.list(prefix))).map((info) => info.key);
}

/** The actions of a commit. */
export async function commitOf(lake: Lake, version: number): Promise<Record<string, Record<string, unknown>>[]> {
  const key = `${lake.context.path}/_delta_log/${String(version).padStart(20, "0")}.json`;
  const text = new TextDecoder().decode(await lake.store.get(key));
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, Record<string, unknown>>);
}

export async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "no error",
    (error: { code?: string }) => error.code ?? String(error),
  );
}

/** The store, which lets `work` happen once, right before a commit is put: after its writer has read and written all it needs. */
export function beforeCommit(store: ObjectStore, work: () => Promise<unknown>): ObjectStore {
  let done = false;
  return new Proxy(store, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (property !== "putIfAbsent") return typeof value === "function" ? value.bind(target) : value;
      return async (key: string, bytes: Uint8Array) => {
        if (!done) {
          done = true;
          await work();
        }
        return target.putIfAbsent(key, bytes);
      };
    },
  });
}
