// Appending to and consuming from the event log on Kafka, beside the client without it, in one run, in turn. `make bench_event_log`.
import { Consumer, MessagesStreamModes, Producer } from "@platformatic/kafka";
import { openEventLog, partitionOf, type EventLog, type NewRecord } from "@cinelake/event_log";
import { startKafka } from "@cinelake/testkit";
import { conditions, median, printTable, timed } from "./support/measure.ts";

const RECORDS = Number(process.env.BENCH_RECORDS ?? 200_000);
const BATCH = 1000;
const CALLERS = 1000;
const RUNS = 3;
const PARTITIONS = 6;

await using kafka = await startKafka();
await using log = await openEventLog(kafka.url);
const bootstrapBrokers = kafka.brokers.split(",");
const producer = new Producer({ clientId: "bench", bootstrapBrokers, idempotent: true, acks: -1 });
let topics = 0;

async function newTopic(): Promise<string> {
  const name = `bench_${process.pid}_${topics++}`;
  await log.createTopics([{ name, partitions: PARTITIONS }]);
  return name;
}

function recordAt(index: number): NewRecord {
  const event = { event_id: `0192-${index}`, user_id: index % 5000, movie_id: index % 9000, event_ts: 1.7e12 + index };
  return {
    key: String(index % 5000),
    value: Buffer.from(JSON.stringify({ ...event, device: "phone", page: "/home" })),
  };
}

async function sendRaw(topic: string, records: readonly NewRecord[]): Promise<void> {
  const messages = records.map(({ key, value }) => {
    const partition = partitionOf(key, PARTITIONS);
    return { topic, partition, key: Buffer.from(key), value: Buffer.from(value) };
  });
  await producer.send({ messages });
}

type Append = (topic: string, records: readonly NewRecord[]) => Promise<unknown>;
const ours: Append = (topic, records) => log.append(topic, records);

/** Appends of one record by so many callers at once, each waiting for its own before the next. */
async function singles(append: Append, topic: string, count: number, callers: number): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) await append(topic, [recordAt(next++)]);
  };
  await Promise.all(Array.from({ length: callers }, work));
}

async function batches(append: Append, topic: string): Promise<void> {
  for (let at = 0; at < RECORDS; at += BATCH) {
    await append(
      topic,
      Array.from({ length: BATCH }, (_, index) => recordAt(at + index)),
    );
  }
}

async function consumeOurs(log: EventLog, topic: string): Promise<void> {
  await using consumer = await log.consumer({ group: `g_${topics++}_${process.pid}`, topics: [topic] });
  for (let count = 0; count < RECORDS;) {
    count += (await consumer.poll({ maxRecords: 5000, maxWaitMs: 1000 })).length;
  }
}

async function consumeRaw(_log: EventLog, topic: string): Promise<void> {
  const consumer = new Consumer({ clientId: "bench", bootstrapBrokers, groupId: `g_${topics++}_${process.pid}` });
  const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.EARLIEST, autocommit: false });
  let count = 0;
  for await (const _message of stream) if (++count === RECORDS) break;
  await consumer.close(true);
}

async function row(
  what: string,
  count: number,
  work: () => Promise<unknown>,
  raw: () => Promise<unknown>,
): Promise<string[]> {
  const [mine, theirs]: [number[], number[]] = [[], []];
  for (let run = 0; run < RUNS; run++) {
    mine.push(await timed(work));
    theirs.push(await timed(raw));
  }
  const rate = (times: readonly number[]): number => Math.round(count / (median(times) / 1000));
  return [what, rate(mine).toLocaleString("en"), rate(theirs).toLocaleString("en")];
}

const topic = await newTopic();
await batches(ours, topic);
await sendRaw(await newTopic(), [recordAt(0)]);
conditions({
  records: RECORDS,
  "bytes each": recordAt(1234).value.length,
  batch: BATCH,
  partitions: PARTITIONS,
  runs: RUNS,
});
const into = await newTopic();
const FEW = Math.min(2000, RECORDS);
printTable(
  ["records per second (median)", "event log", "client alone"],
  [
    await row(
      "appended one at a time",
      FEW,
      () => singles(ours, into, FEW, 1),
      () => singles(sendRaw, into, FEW, 1),
    ),
    await row(
      `appended singly by ${CALLERS} callers`,
      10 * FEW,
      () => singles(ours, into, 10 * FEW, CALLERS),
      () => singles(sendRaw, into, 10 * FEW, CALLERS),
    ),
    await row(
      `appended ${BATCH} at a time`,
      RECORDS,
      () => batches(ours, into),
      () => batches(sendRaw, into),
    ),
    await row(
      "consumed by a new member",
      RECORDS,
      () => consumeOurs(log, topic),
      () => consumeRaw(log, topic),
    ),
  ],
);
await producer.close();
