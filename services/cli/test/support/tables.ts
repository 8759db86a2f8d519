import { join } from "node:path";
import { tablePath, tableSpec, type TableName } from "@cinelake/contracts";
import { openSqlEngine, openTable, type Row } from "@cinelake/delta";
import { openObjectStore } from "@cinelake/object_store";

/** Reads whole tables of a data directory that no process owns. */
export async function tableReader(directory: string): Promise<(name: TableName) => Promise<Row[]>> {
  const store = await openObjectStore(join(directory, "lakehouse"));
  return async (name) => {
    await using engine = await openSqlEngine({ memoryLimit: "512MB" });
    const table = await openTable({ store, engine, path: tablePath(tableSpec(name)) });
    return (await Array.fromAsync((await table.snapshot()).read())).flat();
  };
}
