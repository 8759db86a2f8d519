import type { RecordBatch } from "apache-arrow";
import { CinelakeError } from "@cinelake/contracts/errors";
import type { ReadOptions, Row, Scan, Snapshot, StructField, StructType, TableContext } from "../api.ts";
import { openRows } from "../data/open_rows.ts";
import { rowWindows } from "../data/row_windows.ts";
import { rowCountOf } from "../data/statistics.ts";
import type { SqlEngine } from "../engine.ts";
import type { AddFile } from "../log/actions.ts";
import { checkReadable } from "../log/protocol.ts";
import type { TableState } from "../log/state.ts";
import { layoutOf } from "../query/layout.ts";
import { predicateSql } from "../query/predicates.ts";
import { mayMatch } from "../query/prune.ts";
import { fieldOf } from "../schema/types.ts";

/** The façade of one version's state. Fails with `delta_unsupported` if the table cannot be read rightly. */
export function snapshotOf(context: TableContext, state: TableState): Snapshot {
  checkReadable(context.path, state);
  return new TableSnapshot(context, state);
}

class TableSnapshot implements Snapshot {
  readonly version: number;
  readonly schema: StructType;
  readonly partitionColumns: readonly string[];
  readonly configuration: Readonly<Record<string, string>>;
  readonly timestamp: number;
  readonly #context: TableContext;
  readonly #state: TableState;

  constructor(context: TableContext, state: TableState) {
    this.#context = context;
    this.#state = state;
    this.version = state.version;
    this.schema = state.schema;
    this.partitionColumns = state.metadata.partitionColumns;
    this.configuration = state.metadata.configuration;
    this.timestamp = state.timestamp;
  }

  get rowCount(): number | undefined {
    return rowCountOf(this.#state.files.values());
  }

  transaction(appId: string): number | undefined {
    return this.#state.transactions.get(appId)?.version;
  }

  async scan(options: ReadOptions = {}): Promise<Scan> {
    const { columns, condition, files } = this.#plan(options);
    const rows = await openRows(this.#context, this.#state, files);
    return {
      sql: rows.relation({ columns, condition }),
      files: files.length,
      totalFiles: this.#state.files.size,
      [Symbol.asyncDispose]: () => rows[Symbol.asyncDispose](),
    };
  }

  async *read(options: ReadOptions = {}): AsyncIterable<Row[]> {
    yield* this.#stream(options, (session, sql) => session.batches<Row>(sql));
  }

  async *arrow(options: ReadOptions = {}): AsyncIterable<RecordBatch> {
    const { columns } = this.#plan(options);
    let empty: RecordBatch | undefined;
    let rows = 0;
    for await (const batch of this.#stream(options, (session, sql) => session.arrow(sql, columns))) {
      if (batch.numRows === 0) empty = batch;
      else yield batch;
      rows += batch.numRows;
    }
    if (rows === 0 && empty) yield empty;
  }

  async *#stream<T>(
    options: ReadOptions,
    read: (session: SqlEngine, sql: string) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    const { columns, condition, files } = this.#plan(options);
    for await (const rows of rowWindows(this.#context, this.#state, files)) {
      await using session = await this.#context.engine.session();
      yield* read(session, `SELECT * FROM ${rows.relation({ columns, condition })}`);
    }
  }

  #plan({ columns: names, where = [] }: ReadOptions): ReadPlan {
    const { schema } = this;
    const columns = names?.map((name) => fieldOf(schema, name)) ?? schema.fields;
    if (columns.length === 0) throw new CinelakeError("invalid_argument", "A scan needs a column at least.");
    const condition = predicateSql(where, schema);
    const layout = layoutOf(this.#state);
    const files = Array.from(this.#state.files.values()).filter((file) => mayMatch(where, file, layout));
    return { columns, condition, files };
  }
}

/** What a read needs: columns, SQL that keeps rows, and the files that may hold some. */
interface ReadPlan {
  readonly columns: readonly StructField[];
  readonly condition: string;
  readonly files: readonly AddFile[];
}
