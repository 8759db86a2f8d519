import type { EventLog, LogRecord } from "../src/index.ts";

/** All kept records of one partition. */
export async function readPartition(log: EventLog, topic: string, partition = 0): Promise<LogRecord[]> {
  const { first, next } = await log.offsets([topic]);
  const key = `${topic}/${partition}`;
  const all: LogRecord[] = [];
  for (let offset = first.get(key)!; offset < next.get(key)!; offset = all.at(-1)!.offset + 1) {
    all.push(...(await log.read({ topic, partition, offset }, { maxRecords: 100 })));
  }
  return all;
}

export function valueOf(record: LogRecord): string {
  return Buffer.from(record.value).toString();
}
