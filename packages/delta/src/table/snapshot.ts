import type { RecordBatch } from "apache-arrow";
import { CinelakeError } from "@cinelake/contracts/errors";
import type { ReadOptions, Row, Scan, Snapshot, StructType, TableContext } from "../api.ts";
import { openRows } from "../data/open_rows.ts";
import { parseStatistics } from "../data/statistics.ts";
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
    let rows = 0;
    for (const file of this.#state.files.values()) {
      const { numRecords } = parseStatistics(file.stats);
      const { cardinality = 0 } = file.deletionVector ?? {};
      if (numRecords === undefined) return undefined;
      rows += numRecords - cardinality;
    }
    return rows;
  }

  transaction(appId: string): number | undefined {
    return this.#state.transactions.get(appId)?.version;
  }

  async scan(options: ReadOptions = {}): Promise<Scan> {
    const { schema } = this;
    const where = options.where ?? [];
    const columns = options.columns?.map((name) => fieldOf(schema, name)) ?? schema.fields;
    if (columns.length === 0) throw new CinelakeError("invalid_argument", "A scan needs a column at least.");
    const condition = predicateSql(where, schema);
    const layout = layoutOf(this.#state);
    const all = Array.from(this.#state.files.values());
    const files = all.filter((file) => mayMatch(where, file, layout));
    const rows = await openRows(this.#context, this.#state, files);
    return {
      sql: rows.relation({ columns, condition }),
      files: files.length,
      totalFiles: all.length,
      [Symbol.asyncDispose]: () => rows[Symbol.asyncDispose](),
    };
  }

  async *read(options: ReadOptions = {}): AsyncIterable<Row[]> {
    await using scan = await this.scan(options);
    await using session = await this.#context.engine.session();
    yield* session.batches<Row>(`SELECT * FROM ${scan.sql}`);
  }

  // eslint-disable-next-line require-yield
  async *arrow(): AsyncIterable<RecordBatch> {
    throw new CinelakeError("delta_unsupported", "arrow batches");
  }
}
