export * from "./api.ts";
export * from "./engine.ts";
export { openSqlEngine } from "./sql/duckdb_engine.ts";
