export * from "./tracking.ts";
