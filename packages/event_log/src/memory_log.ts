import type { EventLog, LogRecord, NewRecord, Offsets, TopicPartition } from "./event_log.ts";
import { recordBytes } from "./frame.ts";
import { LocalLog, type Storage } from "./local_log.ts";
import { checkRange, closedError, withinLimits, type Partition, type ReadLimits } from "./partition.ts";
import { Signal } from "./signal.ts";

/** A log in this process's memory, gone with it; it keeps everything. Each call opens a log of its own. */
export function openMemoryLog(options: { now?: () => number } = {}): EventLog {
  const changed = new Signal();
  return new LocalLog(new MemoryStorage(options.now ?? Date.now, changed), changed);
}

class MemoryStorage implements Storage {
  readonly url = "memory:";
  readonly topics = new Map<string, readonly Partition[]>();
  readonly #now: () => number;
  readonly #changed: Signal;
  readonly #committed = new Map<string, Offsets>();

  constructor(now: () => number, changed: Signal) {
    this.#now = now;
    this.#changed = changed;
  }

  async createTopics(topics: readonly { name: string; partitions: number }[]): Promise<void> {
    for (const { name: topic, partitions } of topics) {
      if (this.topics.has(topic)) continue;
      const made = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
      this.topics.set(
        topic,
        made.map((at) => new MemoryPartition(at, this.#now, this.#changed)),
      );
    }
  }

  async committed(group: string): Promise<Offsets> {
    return this.#committed.get(group) ?? new Map();
  }

  async commit(group: string, offsets: Offsets): Promise<void> {
    this.#committed.set(group, new Map([...(await this.committed(group)), ...offsets]));
  }

  async close(): Promise<void> {
    await Promise.all([...this.topics.values()].flat().map((partition) => partition.close()));
  }
}

class MemoryPartition implements Partition {
  readonly at: TopicPartition;
  readonly first = 0;
  readonly #now: () => number;
  readonly #changed: Signal;
  readonly #records: LogRecord[] = [];
  #isClosed = false;

  constructor(at: TopicPartition, now: () => number, changed: Signal) {
    this.at = at;
    this.#now = now;
    this.#changed = changed;
  }

  get next(): number {
    return this.#records.length;
  }

  async append(records: readonly NewRecord[]): Promise<number[]> {
    if (this.#isClosed) throw closedError();
    for (const record of records) recordBytes(record);
    const base = this.next;
    const timestamp = Math.max(this.#now(), this.#records.at(-1)?.timestamp ?? 0);
    for (const [index, { key, value, headers }] of records.entries()) {
      this.#records.push({
        ...this.at,
        offset: base + index,
        timestamp,
        key,
        value: Uint8Array.from(value),
        headers: { ...headers },
      });
    }
    this.#changed.notify();
    return records.map((_, index) => base + index);
  }

  async read(offset: number, { maxRecords, maxBytes }: ReadLimits): Promise<LogRecord[]> {
    checkRange(this, offset);
    const records = withinLimits(this.#records.slice(offset, offset + maxRecords), { maxRecords, maxBytes });
    return records.map((record) => ({ ...record, value: record.value.slice() }));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }
}
