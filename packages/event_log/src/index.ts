export * from "./event_log.ts";
