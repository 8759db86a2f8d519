import { deltaSchema, findError, tablePath, tableSpec, type TableName } from "@cinelake/contracts";
import { openOrCreateTable, openTable, type DeltaTable, type SqlEngine } from "@cinelake/delta";
import type { ObjectStore } from "@cinelake/object_store";

/** Where tables lie and what reads them. */
export interface LakePorts {
  /** The lake. */
  readonly store: ObjectStore;
  readonly engine: SqlEngine;
}

/** Table property that holds the fingerprint of what a batch job made the table from. */
export const INPUT_PROPERTY = "cinelake.input";

/** A table of the specification, made as it says where there is none. `now` stamps its commits (milliseconds; default Date.now). */
export function openLakeTable(ports: LakePorts, name: TableName, now?: () => number): Promise<DeltaTable> {
  const spec = tableSpec(name);
  return openOrCreateTable(
    { ...contextOf(ports, name), ...(now && { now }) },
    {
      name: spec.name,
      description: spec.description,
      schema: deltaSchema(spec),
      partitionColumns: spec.partition_columns,
    },
  );
}

/** A table of the specification, undefined where there is none. */
export async function findLakeTable(ports: LakePorts, name: TableName): Promise<DeltaTable | undefined> {
  try {
    return await openTable(contextOf(ports, name));
  } catch (error) {
    if (findError(error, "delta_table_not_found")) return undefined;
    throw error;
  }
}

function contextOf({ store, engine }: LakePorts, name: TableName): Parameters<typeof openTable>[0] {
  return { store, engine, path: tablePath(tableSpec(name)) };
}
