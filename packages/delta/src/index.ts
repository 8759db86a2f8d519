export * from "./api.ts";
export * from "./engine.ts";
export { openSqlEngine } from "./sql/duckdb_engine.ts";
export { createTable, openOrCreateTable, openTable } from "./table/create.ts";
export { convertToDelta, type ConvertOptions } from "./table/convert.ts";
/** What a program beside the workspace needs with a table, so that one import is enough. */
export { CinelakeError, findError } from "@cinelake/contracts/errors";
export { openObjectStore, type ObjectStore } from "@cinelake/object_store";
