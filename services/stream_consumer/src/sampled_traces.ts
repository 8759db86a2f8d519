import { TRACEPARENT_HEADER } from "@cinelake/contracts";
import type { Decoded } from "./decode.ts";

/** Links of a span are for a person to follow, and a flush has up to a hundred thousand records. */
const MAX_TRACES = 64;

/** The distinct traces that the records' headers name, the first 64 of them: the API puts those into headers that are sampled. */
export function sampledTraces(records: Iterable<readonly Decoded[]>): string[] {
  const found = new Set<string>();
  for (const ofTopic of records) {
    for (const { record } of ofTopic) {
      const trace = record.headers[TRACEPARENT_HEADER];
      if (trace !== undefined && found.add(trace).size >= MAX_TRACES) return [...found];
    }
  }
  return [...found];
}
