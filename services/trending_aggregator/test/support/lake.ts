import { deltaSchema, tablePath, tableSpec, type TableName } from "@cinelake/contracts";
import { openOrCreateTable, openSqlEngine, type Row, type SqlEngine } from "@cinelake/delta";
import { openObjectStore, type ObjectStore } from "@cinelake/object_store";
import { temporaryDirectory } from "@cinelake/testkit";

export interface Lake extends AsyncDisposable {
  readonly store: ObjectStore;
  readonly engine: SqlEngine;
  write(table: TableName, rows: readonly Row[]): Promise<void>;
  read(table: TableName): Promise<Row[]>;
}

/** A lake of real tables in a temporary folder. */
export async function temporaryLake(): Promise<Lake> {
  await using opening = new AsyncDisposableStack();
  const directory = opening.use(await temporaryDirectory());
  const store = opening.use(await openObjectStore(directory.path));
  const engine = opening.use(await openSqlEngine({ threads: 1, memoryLimit: "256MB" }));
  const opened = opening.move();
  const tableOf = (name: TableName) => {
    const spec = tableSpec(name);
    return openOrCreateTable(
      { store, engine, path: tablePath(spec) },
      { name, schema: deltaSchema(spec), partitionColumns: spec.partition_columns },
    );
  };
  return {
    store,
    engine,
    async write(name, rows) {
      await (await tableOf(name)).append({ rows });
    },
    async read(name) {
      const rows: Row[] = [];
      for await (const batch of (await (await tableOf(name)).snapshot()).read()) rows.push(...batch);
      return rows;
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

export function movie(movieId: number, genres: readonly string[]): Row {
  return {
    movie_id: movieId,
    title: `Film ${movieId}`,
    year: 2000,
    genres,
    imdb_id: null,
    tmdb_id: null,
    is_placeholder: false,
  };
}

export function rating(userId: number, movieId: number, stars: number, at: string): Row {
  return { user_id: userId, movie_id: movieId, rating: stars, event_ts: at, event_date: `${at.slice(0, 7)}-01` };
}
