import { openEventLog } from "@cinelake/event_log";

/**
 * Appends to topic `t` for ever, from many workers at once, in batches of different sizes, and reports each acknowledged record as
 * `partition offset value`. A worker has a key of its own and counts its records.
 */
const [url, run] = process.argv.slice(2) as [string, string];
const log = await openEventLog(url, { segmentBytes: 40_000 });
await log.createTopics([{ name: "t", partitions: 2 }]);

async function work(worker: number): Promise<void> {
  const key = `${run}-${worker}`;
  for (let count = 0; ;) {
    const values = Array.from({ length: 1 + ((worker + count) % 4) }, () => `${key}-${count++}`);
    const records = values.map((value) => ({ key, value: Buffer.from(value + " ".repeat(worker * 20)) }));
    const places = await log.append("t", records);
    const lines = places.map(({ partition, offset }, index) => `${partition} ${offset} ${values[index]}\n`);
    process.stdout.write(lines.join(""));
  }
}
await Promise.all(Array.from({ length: 12 }, (_, worker) => work(worker)));
