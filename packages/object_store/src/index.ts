export * from "./object_store.ts";
