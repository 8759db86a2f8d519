import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { CinelakeError } from "@cinelake/contracts/errors";
import { DuckDBInstance, type DuckDBConnection, type DuckDBDataChunk, type DuckDBResult } from "@duckdb/node-api";
import type { RecordBatch } from "apache-arrow";
import type { StructField } from "../api.ts";
import type { SqlColumn, SqlEngine, SqlEngineOptions, SqlValue } from "../engine.ts";
import { recordBatch } from "./arrow_batch.ts";
import { arrowSchema } from "./arrow_schema.ts";
import { readColumns, type TypedColumn } from "./typed_columns.ts";
import { loadRows, type Rows } from "./load_rows.ts";
import { ResultStream, rowObjects } from "./result_stream.ts";

/** Opens DuckDB in memory of this process; dispose it to close its connections and remove its temporary files. */
export async function openSqlEngine(options: SqlEngineOptions = {}): Promise<SqlEngine> {
  const own = options.temporaryDirectory === undefined;
  const directory = options.temporaryDirectory ?? (await mkdtemp(join(tmpdir(), "cinelake-sql-")));
  const removeOwn = (): Promise<void> =>
    own ? rm(directory, { recursive: true, force: true, maxRetries: 3 }) : Promise.resolve();
  try {
    const instance = await DuckDBInstance.create(":memory:", {
      memory_limit: options.memoryLimit ?? `${defaultMemoryMegabytes()}MiB`,
      threads: String(options.threads ?? availableParallelism()),
      temp_directory: directory,
      autoinstall_known_extensions: "false",
    });
    return await DuckDbSession.open(instance, async () => {
      instance.closeSync();
      await removeOwn();
    });
  } catch (error) {
    await removeOwn();
    throw error;
  }
}

function defaultMemoryMegabytes(): number {
  const limits = [totalmem(), process.constrainedMemory()].filter((bytes) => bytes > 0);
  return Math.max(256, Math.floor(Math.min(4096, Math.min(...limits) / 2 ** 21)));
}

/** One connection. Its statements run one after the other; an open stream is buffered when another statement needs the connection. */
class DuckDbSession implements SqlEngine {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #onClose: () => Promise<void>;
  readonly #sessions = new Set<DuckDbSession>();
  #queue: Promise<unknown> = Promise.resolve();
  #stream: ResultStream | undefined;
  #closed: Promise<void> | undefined;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, onClose: () => Promise<void>) {
    this.#instance = instance;
    this.#connection = connection;
    this.#onClose = onClose;
  }

  static async open(instance: DuckDBInstance, onClose: () => Promise<void>): Promise<DuckDbSession> {
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    return new DuckDbSession(instance, connection, onClose);
  }

  run(sql: string, parameters?: readonly SqlValue[]): Promise<void> {
    return this.#exclusive(async () => {
      await this.#connection.run(sql, bound(parameters));
    });
  }

  async rows<T>(sql: string, parameters?: readonly SqlValue[]): Promise<T[]> {
    return this.#exclusive(async () => {
      const result = await this.#connection.run(sql, bound(parameters));
      return rowObjects<T>(result, await result.fetchAllChunks());
    });
  }

  columns(sql: string, parameters?: readonly SqlValue[]): Promise<Record<string, TypedColumn>> {
    return this.#exclusive(async () => readColumns(await this.#start(sql, parameters)));
  }

  async *batches<T>(sql: string, parameters?: readonly SqlValue[]): AsyncIterable<T[]> {
    const stream = await this.#open(sql, parameters);
    for await (const chunk of this.#chunks(stream)) yield rowObjects<T>(stream.result, [chunk]);
  }

  async *arrow(sql: string, fields?: readonly StructField[]): AsyncIterable<RecordBatch> {
    const arrow = await import("apache-arrow");
    const stream = await this.#open(sql);
    const { result } = stream;
    const schema = arrowSchema(arrow, result.deduplicatedColumnNames(), result.columnTypes(), fields);
    let isEmpty = true;
    for await (const chunk of this.#chunks(stream)) {
      yield recordBatch(arrow, schema, chunk);
      isEmpty = false;
    }
    if (isEmpty) yield recordBatch(arrow, schema, undefined);
  }

  load(table: string, columns: readonly SqlColumn[], rows: Rows): Promise<number> {
    return loadRows(this.#connection, (work) => this.#exclusive(work), table, columns, rows);
  }

  async session(): Promise<SqlEngine> {
    if (this.#closed) throw closedError();
    const session: DuckDbSession = await DuckDbSession.open(this.#instance, async () => {
      this.#sessions.delete(session);
    });
    this.#sessions.add(session);
    return session;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.all(Array.from(this.#sessions, (session) => session[Symbol.asyncDispose]()));
    await this.#queue;
    this.#connection.closeSync();
    await this.#onClose();
  }

  #open(sql: string, parameters?: readonly SqlValue[]): Promise<ResultStream> {
    return this.#exclusive(async () => {
      this.#stream = new ResultStream(await this.#start(sql, parameters));
      return this.#stream;
    });
  }

  async *#chunks(stream: ResultStream): AsyncGenerator<DuckDBDataChunk> {
    try {
      for (;;) {
        const chunk = await this.#inTurn(() => stream.next());
        if (!chunk) return;
        yield chunk;
      }
    } finally {
      if (this.#stream === stream) this.#stream = undefined;
    }
  }

  #start(sql: string, parameters?: readonly SqlValue[]): Promise<DuckDBResult> {
    return this.#connection.stream(sql, bound(parameters));
  }

  /** A new statement ends what a connection streams, so the open stream is read into memory before. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      await this.#stream?.buffer();
      this.#stream = undefined;
      return work();
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(closedError());
    const result = this.#queue.then(work).catch(rethrow);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}

function bound(parameters: readonly SqlValue[] | undefined): (string | number | bigint | boolean | null)[] | undefined {
  return parameters?.map((value) => (typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value));
}

function closedError(): CinelakeError {
  return new CinelakeError("internal", "The SQL engine is closed; open it for as long as its tables are in use.");
}

/** DuckDB's errors about what it finds on this machine have codes of ours. */
function rethrow(error: unknown): never {
  if (error instanceof Error && /no space left on device/i.test(error.message)) {
    throw new CinelakeError(
      "disk_full",
      "DuckDB found no space left while it wrote its files; free some and run again.",
      {
        cause: error,
      },
    );
  }
  if (error instanceof Error && /No files found that match|Cannot open file .*No such file/.test(error.message)) {
    throw new CinelakeError(
      "object_not_found",
      `A file was gone when DuckDB read it (a vacuum may have deleted it, then read a newer version): ${error.message}`,
      { cause: error },
    );
  }
  throw error;
}
