import { CinelakeError } from "@cinelake/contracts";
import { Producer, type MessageToProduce } from "@platformatic/kafka";
import type { Appended, NewRecord, TopicPartition } from "../event_log.ts";
import { MAX_RECORD_BYTES, recordBytes } from "../frame.ts";
import { closedError } from "../partition.ts";
import { SILENCE_MS } from "./cluster.ts";
import { explain } from "./errors.ts";
import { toMessage } from "./records.ts";

/** What may wait to be sent before further appends are refused, and what one request takes. */
const MAX_WAITING_BYTES = 64 << 20;
const MAX_REQUEST_BYTES = 4 << 20;
/** More than a batch's format adds to each record beyond its own bytes. */
const RECORD_OVERHEAD = 16;
const WATCH_MS = 50;

interface Append {
  readonly began: number;
  readonly places: Appended[];
  missing: number;
  isSettled: boolean;
  resolve(places: Appended[]): void;
  reject(error: unknown): void;
}

interface Entry {
  readonly append: Append;
  readonly index: number;
  readonly at: TopicPartition;
  readonly bytes: number;
  readonly message: MessageToProduce;
}

/**
 * Sends records by an idempotent producer, acknowledged by all in-sync replicas. One request is under way at a time and takes all that
 * came meanwhile (but at most one batch for each partition, of a size that brokers take), so order is kept and many small appends cost
 * few requests. The client repeats a request for ever, and the broker drops repetitions; callers stop waiting after `SILENCE_MS`
 * without progress. What was being sent then may still be stored, what waited behind it is not.
 */
export class KafkaAppender implements AsyncDisposable {
  readonly #producer: Producer;
  readonly #url: string;
  #waiting: Entry[] = [];
  #sending: Entry[] = [];
  #waitingBytes = 0;
  #progress = 0;
  #watch: NodeJS.Timeout | undefined;
  #drained: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(url: string, bootstrapBrokers: string[], clientId: string) {
    this.#url = url;
    this.#producer = new Producer({
      clientId,
      bootstrapBrokers,
      idempotent: true,
      acks: -1,
      autocreateTopics: false,
      connectTimeout: 1000,
      retryDelay: 100,
    });
  }

  /** `places` has the partition of each record; their offsets come with the promise. */
  append(records: readonly NewRecord[], places: readonly TopicPartition[]): Promise<Appended[]> {
    if (this.#isClosed) return Promise.reject(closedError());
    if (this.#waitingBytes > MAX_WAITING_BYTES) {
      const text = `${this.#url}: ${this.#waitingBytes} bytes wait to be sent; repeat later`;
      return Promise.reject(new CinelakeError("log_unavailable", text));
    }
    return new Promise((resolve, reject) => {
      const began = performance.now();
      const append = { began, places: [], missing: records.length, isSettled: false, resolve, reject };
      const entries = records.map((record, index) => {
        const at = places[index]!;
        return { append, index, at, bytes: recordBytes(record) + RECORD_OVERHEAD, message: toMessage(record, at) };
      });
      if (this.#sending.length === 0 && this.#waiting.length === 0) this.#drained = this.#drain();
      for (const entry of entries) this.#enqueue(entry);
    });
  }

  /** To be called when all appends have settled; what has failed and is still being sent is let go. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#producer.close();
    await this.#drained;
  }

  #enqueue(entry: Entry): void {
    this.#waiting.push(entry);
    this.#waitingBytes += entry.bytes;
  }

  async #drain(): Promise<void> {
    await Promise.resolve(); // what is appended in the same turn goes together
    this.#progress = performance.now();
    this.#watch = setInterval(() => this.#giveUpOld(), WATCH_MS);
    while (this.#waiting.length > 0) {
      this.#sending = this.#waiting.splice(0, countOfNext(this.#waiting));
      await this.#send(this.#sending);
      for (const { bytes } of this.#sending) this.#waitingBytes -= bytes;
      this.#sending = [];
      this.#progress = performance.now();
    }
    clearInterval(this.#watch);
  }

  async #send(entries: readonly Entry[]): Promise<void> {
    try {
      const { offsets = [] } = await this.#producer.send({ messages: entries.map(({ message }) => message) });
      const next = new Map(offsets.map((each) => [`${each.topic}/${each.partition}`, Number(each.offset)]));
      for (const { append, index, at } of entries) {
        const key = `${at.topic}/${at.partition}`;
        const offset = next.get(key);
        if (offset === undefined) throw new Error(`the broker named no offset for ${key}`);
        next.set(key, offset + 1);
        append.places[index] = { ...at, offset };
        if (--append.missing === 0) settle(append, () => append.resolve(append.places));
      }
    } catch (error) {
      this.#fail(entries, error);
    }
  }

  #giveUpOld(): void {
    const now = performance.now();
    if (now - this.#progress < SILENCE_MS) return;
    const old = [...this.#sending, ...this.#waiting].filter(({ append }) => now - append.began >= SILENCE_MS);
    if (old.length > 0) this.#fail(old, new Error("no answer"));
  }

  /** Nothing of an append that has failed is sent any more. */
  #fail(entries: readonly Entry[], error: unknown): void {
    const explained = explain(error, `Cannot append (${this.#url})`);
    for (const { append } of entries) settle(append, () => append.reject(explained));
    const isLeft = ({ append }: Entry): boolean => !append.isSettled;
    this.#waiting = this.#waiting.filter(isLeft);
    this.#waitingBytes = [...this.#sending, ...this.#waiting].reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

function settle(append: Append, how: () => void): void {
  if (append.isSettled) return;
  append.isSettled = true;
  how();
}

/** How many of the first entries go into one request, with one batch for each partition. */
function countOfNext(entries: readonly Entry[]): number {
  const ofPartition = new Map<string, number>();
  let all = 0;
  for (const [count, { at, bytes }] of entries.entries()) {
    const key = `${at.topic}/${at.partition}`;
    const batch = (ofPartition.get(key) ?? 0) + bytes;
    all += bytes;
    if (count > 0 && (batch > MAX_RECORD_BYTES || all > MAX_REQUEST_BYTES)) return count;
    ofPartition.set(key, batch);
  }
  return entries.length;
}
