import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTable, type DeltaTable, type StructType, type TableContext } from "@cinelake/delta";
import { formatCommit, type Action, type AddFile, type Metadata } from "../../src/log/actions.ts";
import { loadState } from "../../src/log/load.ts";
import { inlineVector } from "./deletion_vectors.ts";
import type { Lake } from "./tables.ts";

const FEATURES = ["columnMapping", "deletionVectors", "timestampNtz", "typeWidening"];

/** `protocol` and `metaData` of a table with all reader features that tests make by hand. */
export function described(
  schema: StructType,
  options: Partial<Pick<Metadata, "partitionColumns" | "configuration">> = {},
): Action[] {
  return [
    {
      protocol: {
        minReaderVersion: 3,
        minWriterVersion: 7,
        readerFeatures: FEATURES,
        writerFeatures: [...FEATURES, "changeDataFeed", "appendOnly", "invariants"],
      },
    },
    {
      metaData: {
        id: "by-hand",
        format: { provider: "parquet", options: {} },
        schemaString: JSON.stringify(schema),
        partitionColumns: [],
        configuration: {},
        ...options,
      },
    },
  ];
}

/** Writes commits as versions from `first` on and opens the table. */
export async function commitAll(lake: Lake, commits: readonly (readonly Action[])[], first = 0): Promise<DeltaTable> {
  for (const [index, actions] of commits.entries()) {
    const key = `${lake.context.path}/_delta_log/${String(first + index).padStart(20, "0")}.json`;
    await lake.store.put(key, formatCommit(actions));
  }
  return openTable(lake.context);
}

/** Commits that the given rows of each live file (by its place) are deleted by vectors; nothing for a file without any. */
export async function deleteByVectors(context: TableContext, rowsOf: (place: number) => number[]): Promise<void> {
  const state = (await loadState(context))!;
  const actions = Array.from(state.files.values()).flatMap((add, place): Action[] => {
    const rows = rowsOf(place);
    if (rows.length === 0) return [];
    const stats = add.stats?.replace('"tightBounds":true', '"tightBounds":false');
    return [
      { remove: { path: add.path, dataChange: true, deletionTimestamp: 1, partitionValues: add.partitionValues } },
      { add: { ...add, ...(stats && { stats }), deletionVector: inlineVector(rows) } },
    ];
  });
  const key = `${context.path}/_delta_log/${String(state.version + 1).padStart(20, "0")}.json`;
  await context.store.put(key, formatCommit(actions));
}

/** Puts a Parquet file with a query's rows at a key of the store (from the table's folder) and gives its bare `add`. */
export async function parquetFile(
  lake: Lake,
  path: string,
  query: string,
  options = "",
): Promise<{ add: AddFile; bytes: Uint8Array }> {
  const folder = await mkdtemp(join(tmpdir(), "cinelake-file-"));
  try {
    const file = join(folder, "file.parquet");
    await lake.engine.run(`COPY (${query}) TO '${file}' (FORMAT parquet${options})`);
    const bytes = Uint8Array.from(await readFile(file));
    await lake.store.put(`${lake.context.path}/${path}`, bytes);
    const [count] = await lake.engine.rows<{ rows: number }>(`SELECT count(*) AS rows FROM (${query})`);
    const stats = JSON.stringify({ numRecords: count!.rows });
    return {
      add: { path, partitionValues: {}, size: bytes.length, modificationTime: 1, dataChange: true, stats },
      bytes,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}
