import { randomUUID } from "node:crypto";
import { CinelakeError } from "@cinelake/contracts/errors";
import type { CreateOptions, DeltaTable, TableContext } from "../api.ts";
import { formatCommit, type AddFile, type Metadata } from "../log/actions.ts";
import { putCommit } from "../log/commit.ts";
import { loadState } from "../log/load.ts";
import { checkWritable, hasInCommitTimestamps, protocolFor } from "../log/protocol.ts";
import { assignColumnMapping } from "../schema/assign_mapping.ts";
import { mappingMode, withoutMapping } from "../schema/column_mapping.ts";
import { checkConstraints, rowConstraints } from "../schema/constraints.ts";
import { validateNewTable } from "../schema/validate.ts";
import { engineInfoOf, nowOf } from "./context.ts";
import { Table } from "./table.ts";

/** Makes a table; fails with `delta_table_exists` if there is one. */
export async function createTable(context: TableContext, options: CreateOptions): Promise<DeltaTable> {
  if ((await loadState(context)) || !(await putFirst(context, options))) {
    throw tableExists(context);
  }
  return openTable(context);
}

export function tableExists({ path }: TableContext): CinelakeError {
  return new CinelakeError("delta_table_exists", `There is a table at ${path} already.`, { details: { table: path } });
}

/** Opens a table that exists; fails with `delta_table_not_found`. */
export async function openTable(context: TableContext): Promise<DeltaTable> {
  const state = await loadState(context);
  if (state) return new Table(context, state);
  throw new CinelakeError("delta_table_not_found", `There is no table at ${context.path} in ${context.store.url}.`, {
    details: { table: context.path },
  });
}

/** Opens the table, or makes it. Racing callers all get the one table; one that exists keeps its own schema and properties. */
export async function openOrCreateTable(context: TableContext, options: CreateOptions): Promise<DeltaTable> {
  const state = await loadState(context);
  if (state) return new Table(context, state);
  await putFirst(context, options);
  return openTable(context);
}

/** What version 0 does beside describing the table. */
export interface FirstChange {
  readonly operation: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>;
  readonly adds: readonly AddFile[];
}

/** Commits version 0; false if another was first. Refuses with `invalid_argument` a description that no reader could use. */
export async function putFirst(
  context: TableContext,
  options: CreateOptions,
  change: FirstChange = { operation: "CREATE TABLE", parameters: { isManaged: "false" }, metrics: {}, adds: [] },
): Promise<boolean> {
  validateNewTable(options);
  const { partitionColumns = [], name, description } = options;
  const isMapped = mappingMode(options.configuration ?? {}) !== "none";
  const { schema, configuration } = assignColumnMapping(
    isMapped ? options.schema : withoutMapping(options.schema),
    options.configuration ?? {},
  );
  const now = nowOf(context);
  const metaData: Metadata = {
    id: randomUUID(),
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    format: { provider: "parquet", options: {} },
    schemaString: JSON.stringify(schema),
    partitionColumns,
    configuration,
    createdTime: now,
  };
  const protocol = protocolFor(schema, configuration);
  checkWritable(context.path, { protocol, metadata: metaData, schema });
  await checkConstraints(context.engine, schema, rowConstraints(schema, configuration));
  const txnId = randomUUID();
  const commitInfo = {
    ...(hasInCommitTimestamps(metaData) ? { inCommitTimestamp: now } : {}),
    timestamp: now,
    operation: change.operation,
    operationParameters: {
      ...change.parameters,
      description: description ?? "",
      partitionBy: JSON.stringify(partitionColumns),
      properties: JSON.stringify(configuration),
    },
    isolationLevel: "Serializable",
    isBlindAppend: true,
    operationMetrics: Object.fromEntries(Object.entries(change.metrics).map(([key, value]) => [key, String(value)])),
    engineInfo: engineInfoOf(context),
    txnId,
  };
  const actions = [{ commitInfo }, { protocol }, { metaData }, ...change.adds.map((add) => ({ add }))];
  return putCommit(context, 0, formatCommit(actions), txnId);
}
