import { partitionKey, type LogRecord } from "../event_log.ts";
import { withinLimits, type ReadLimits } from "../partition.ts";
import type { KafkaCluster } from "./cluster.ts";
import { fetchRecords, type Place } from "./fetch.ts";
import { outOfRange } from "./offsets.ts";
import type { Decoded } from "./records.ts";

/** Reads outside any group. What a request has given beyond the limits waits, for each partition, for whoever reads on from there. */
export class KafkaReader {
  readonly #cluster: KafkaCluster;
  readonly #rest = new Map<string, { readonly offset: number; readonly records: readonly LogRecord[] }>();

  constructor(cluster: KafkaCluster) {
    this.#cluster = cluster;
  }

  /** Records from the place on and the offset after them; none after `waitMs`, at most half a second, and when `signal` fires. */
  async read(place: Place, limits: ReadLimits, waitMs: number, signal?: AbortSignal): Promise<Decoded> {
    const key = partitionKey(place);
    const rest = this.#rest.get(key);
    if (rest?.offset === place.offset) return this.#handOut(place, rest.records, limits);
    if (!Number.isSafeInteger(place.offset) || place.offset < 0) throw await outOfRange(this.#cluster, place);
    const fetched = await unlessAborted(fetchRecords(this.#cluster, [place], waitMs), signal);
    if (fetched === undefined) return { records: [], next: place.offset };
    const decoded = fetched.get(key);
    if (fetched.has(key) && !decoded) throw await outOfRange(this.#cluster, place);
    const { records = [], next = place.offset } = decoded ?? {};
    return records.length > 0 ? this.#handOut(place, records, limits) : { records: [], next };
  }

  #handOut(place: Place, records: readonly LogRecord[], limits: ReadLimits): Decoded {
    const key = partitionKey(place);
    const given = withinLimits(records, limits);
    const next = given.at(-1)!.offset + 1;
    if (given.length < records.length) this.#rest.set(key, { offset: next, records: records.slice(given.length) });
    else this.#rest.delete(key);
    return { records: given, next };
  }
}

/** `undefined` as soon as the signal fires; what comes of the work is then of no interest. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T | undefined> {
  if (!signal) return await work;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const abort = (): void => resolve(undefined);
  signal.addEventListener("abort", abort);
  try {
    if (signal.aborted) abort();
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
