export type { LocalFile, ObjectInfo, ObjectStore } from "./object_store.ts";
export { openObjectStore } from "./open.ts";
