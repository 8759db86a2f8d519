export * from "./errors.ts";
export * from "./table_spec.ts";
export * from "./topics.ts";
