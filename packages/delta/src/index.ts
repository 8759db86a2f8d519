export * from "./api.ts";
export * from "./engine.ts";
export { openSqlEngine } from "./sql/duckdb_engine.ts";
export { createTable, openOrCreateTable, openTable } from "./table/create.ts";
export { convertToDelta, type ConvertOptions } from "./table/convert.ts";
