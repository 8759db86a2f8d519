import { CinelakeError } from "@cinelake/contracts";
import type { ReadOptions, Row, Scan, Snapshot, StructType, TableContext } from "../api.ts";
import { localFiles, type LocalFiles } from "../data/local_files.ts";
import { scanSql } from "../data/scan_sql.ts";
import { parseStatistics } from "../data/statistics.ts";
import { physicalPath, type AddFile } from "../log/actions.ts";
import { checkReadable } from "../log/protocol.ts";
import type { TableState } from "../log/state.ts";
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
      if (numRecords === undefined || file.deletionVector) return undefined;
      rows += numRecords;
    }
    return rows;
  }

  transaction(appId: string): number | undefined {
    return this.#state.transactions.get(appId)?.version;
  }

  async scan(options: ReadOptions = {}): Promise<Scan> {
    const { schema, partitionColumns } = this;
    const where = options.where ?? [];
    const columns = options.columns?.map((name) => fieldOf(schema, name)) ?? schema.fields;
    if (columns.length === 0) throw new CinelakeError("invalid_argument", "A scan needs a column at least.");
    const condition = predicateSql(where, schema);
    const all = Array.from(this.#state.files.values());
    const files = all.filter((file) => mayMatch(where, file, this));
    const local = await openFiles(this.#context, files);
    return {
      sql: scanSql(files, local.paths, { schema, partitionColumns, columns, condition }),
      files: files.length,
      totalFiles: all.length,
      [Symbol.asyncDispose]: () => local[Symbol.asyncDispose](),
    };
  }

  async *read(options: ReadOptions = {}): AsyncIterable<Row[]> {
    await using scan = await this.scan(options);
    await using session = await this.#context.engine.session();
    yield* session.batches<Row>(`SELECT * FROM ${scan.sql}`);
  }
}

/** The data files on this machine; refuses with `delta_unsupported` files that cannot be read as they are. */
export function openFiles(context: TableContext, files: readonly AddFile[]): Promise<LocalFiles> {
  const keys = files.map((file) => {
    if (file.deletionVector) throw unsupported(context, "deletionVectors");
    const path = physicalPath(file.path);
    if (/^([a-z][a-z0-9+.-]*:|\/)/i.test(path)) throw unsupported(context, "data files outside the table's folder");
    return `${context.path}/${path}`;
  });
  return localFiles(context.store, keys);
}

function unsupported(context: TableContext, feature: string): CinelakeError {
  return new CinelakeError("delta_unsupported", `Cannot read the table ${context.path}: ${feature} is not supported.`, {
    details: { table: context.path, feature },
  });
}
