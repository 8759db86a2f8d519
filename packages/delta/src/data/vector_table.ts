import { randomUUID } from "node:crypto";
import type { SqlEngine } from "../engine.ts";
import type { DeletionVector } from "../log/actions.ts";
import { quoteName } from "../sql/quote.ts";
import { deletedRuns, vectorBytes, vectorEnd, vectorPlace, type VectorPlace } from "./deletion_vector.ts";
import { parallel } from "./parallel.ts";
import type { TableFiles } from "./table_files.ts";

/** A deletion vector of the file of a number; `wanted` if only the rows that it names are to be read. */
export interface FileVector {
  readonly file: number;
  readonly vector: DeletionVector;
  readonly wanted: boolean;
}

/** A table of the rows that deletion vectors name, for all sessions of the engine until disposed. */
export interface VectorTable extends AsyncDisposable {
  /** Undefined if there is no vector. */
  readonly sql: string | undefined;
}

const COLUMNS = [
  { name: "file", type: "BIGINT" },
  { name: "first", type: "BIGINT" },
  { name: "last", type: "BIGINT" },
  { name: "wanted", type: "BOOLEAN" },
];

/** Reads deletion vectors, each of their files once. Fails with `delta_corrupt` if one is not what the log says. */
export async function openVectors(
  engine: SqlEngine,
  tableFiles: TableFiles,
  vectors: readonly FileVector[],
): Promise<VectorTable> {
  if (vectors.length === 0) return { sql: undefined, [Symbol.asyncDispose]: async () => {} };
  const places = vectors.map(({ vector }) => vectorPlace(vector));
  const files = await readFiles(tableFiles, places);
  const rows = function* (): Generator<Record<string, unknown>> {
    for (const [index, { file, vector, wanted }] of vectors.entries()) {
      const place = places[index]!;
      const bytes =
        place.kind === "inline"
          ? place.bytes
          : vectorBytes(vector, files.get(tableFiles.identity(place.uri))!, place.start, place.size);
      for (const { first, last } of deletedRuns(vector, bytes)) yield { file, first, last, wanted };
    }
  };
  return makeTable(engine, rows());
}

async function readFiles(
  tableFiles: TableFiles,
  places: readonly VectorPlace[],
): Promise<ReadonlyMap<string, Uint8Array>> {
  const ends = new Map<string, { uri: string; end: number }>();
  for (const place of places) {
    if (place.kind === "inline") continue;
    const key = tableFiles.identity(place.uri);
    ends.set(key, { uri: place.uri, end: Math.max(ends.get(key)?.end ?? 0, vectorEnd(place)) });
  }
  const read = await parallel(Array.from(ends), async ([key, { uri, end }]) => {
    return [key, await tableFiles.start(uri, end)] as const;
  });
  return new Map(read);
}

async function makeTable(engine: SqlEngine, rows: Iterable<Record<string, unknown>>): Promise<VectorTable> {
  const name = quoteName(`cinelake_vectors_${randomUUID().replaceAll("-", "")}`);
  await using session = await engine.session();
  await session.load("runs", COLUMNS, rows);
  await session.run(
    `CREATE TABLE memory.main.${name} AS SELECT file, unnest(range(first, last + 1)) AS row, wanted FROM temp.runs`,
  );
  return {
    sql: `memory.main.${name}`,
    async [Symbol.asyncDispose]() {
      // A session of its own: the engine's may be in the middle of a stream.
      await using last = await engine.session();
      await last.run(`DROP TABLE IF EXISTS memory.main.${name}`);
    },
  };
}
