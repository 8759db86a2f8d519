import { openEventLog } from "@cinelake/event_log";

/** Reads topic `t` in group `killed` for ever, a record at a time, commits each second one, and reports each as `partition offset`. */
const [url] = process.argv.slice(2) as [string];
const log = await openEventLog(url);
const consumer = await log.consumer({ group: "killed", topics: ["t"] });
for (let count = 0; ;) {
  for (const { topic, partition, offset } of await consumer.poll({ maxRecords: 1, maxWaitMs: 1000 })) {
    process.stdout.write(`${partition} ${offset}\n`);
    if (count++ % 2 === 0) await consumer.commit(new Map([[`${topic}/${partition}`, offset + 1]]));
  }
}
