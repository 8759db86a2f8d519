import { randomUUID } from "node:crypto";
import { CinelakeError } from "@cinelake/contracts/errors";
import type { CreateOptions, DeltaTable, TableContext } from "../api.ts";
import { formatCommit, type Metadata } from "../log/actions.ts";
import { putCommit } from "../log/commit.ts";
import { loadState } from "../log/load.ts";
import { checkWritable, hasInCommitTimestamps, protocolFor } from "../log/protocol.ts";
import { assignColumnMapping } from "../schema/assign_mapping.ts";
import { checkConstraints, rowConstraints } from "../schema/constraints.ts";
import { validateNewTable } from "../schema/validate.ts";
import { engineInfoOf, nowOf } from "./context.ts";
import { Table } from "./table.ts";

/** Makes a table; fails with `delta_table_exists` if there is one. */
export async function createTable(context: TableContext, options: CreateOptions): Promise<DeltaTable> {
  if ((await loadState(context)) || !(await putFirst(context, options))) {
    throw new CinelakeError("delta_table_exists", `There is a table at ${context.path} already.`, {
      details: { table: context.path },
    });
  }
  return openTable(context);
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

/** Commits version 0; false if another was first. */
async function putFirst(context: TableContext, options: CreateOptions): Promise<boolean> {
  validateNewTable(options);
  const { partitionColumns = [], name, description } = options;
  const { schema, configuration } = assignColumnMapping(options.schema, options.configuration ?? {});
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
    operation: "CREATE TABLE",
    operationParameters: {
      isManaged: "false",
      description: description ?? "",
      partitionBy: JSON.stringify(partitionColumns),
      properties: JSON.stringify(configuration),
    },
    isolationLevel: "Serializable",
    isBlindAppend: true,
    operationMetrics: {},
    engineInfo: engineInfoOf(context),
    txnId,
  };
  return putCommit(context, 0, formatCommit([{ commitInfo }, { protocol }, { metaData }]), txnId);
}
