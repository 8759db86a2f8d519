// From POST /events to the tables, to /trending and to a user's list, on Kafka, Redis and PostgreSQL, every service a process of its own.
// `make bench_streaming`.
import { setTimeout as sleep } from "node:timers/promises";
import { Consumer, MessagesStreamModes, Producer } from "@platformatic/kafka";
import { allTopics, EVENT_TOPICS, streamApplicationId, tablesOfTopic } from "@cinelake/contracts";
import { openSqlEngine, type DeltaTable } from "@cinelake/delta";
import { openEventLog, partitionOf } from "@cinelake/event_log";
import { openLakeTable } from "@cinelake/lake";
import { openObjectStore } from "@cinelake/object_store";
import { startKafka, startPostgresServer, startRedisServer, temporaryDirectory } from "@cinelake/testkit";
import { apiClient, eventAt, inParallel, recordsOf, type TopicRecord } from "./support/event_load.ts";
import { conditions, median, printTable, timed } from "./support/measure.ts";
import { runCommand, startService, type ServiceProcess } from "./support/platform.ts";

const EVENTS = Number(process.env.BENCH_EVENTS ?? 500_000);
const RUNS = 3;
const PARTITIONS = 3;
const SAMPLES = 200;
const BACKGROUND = 500;
const PORT = 18_473;
const FLUSH_MS = 1000;
/** For a stream consumer that is to stay small: less waits, and less garbage. */
const LITTLE_MEMORY = {
  FLUSH_BYTES: String(8 << 20),
  NODE_OPTIONS: "--max-old-space-size=96 --max-semi-space-size=8",
  MALLOC_ARENA_MAX: "2",
};

await using kafka = await startKafka();
await using redis = await startRedisServer();
await using postgres = await startPostgresServer();
await using directory = await temporaryDirectory();
await using log = await openEventLog(kafka.url);
const bootstrapBrokers = kafka.brokers.split(",");
const producer = new Producer({ clientId: "bench", bootstrapBrokers, idempotent: true, acks: -1 });
await log.createTopics(allTopics(PARTITIONS));
const environment = {
  LOG_URL: kafka.url,
  CACHE_URL: redis.url(),
  METADATA_URL: postgres.url,
  DATA_DIR: directory.path,
  PORT: String(PORT),
  FLUSH_INTERVAL_MS: String(FLUSH_MS),
};
const url = `http://127.0.0.1:${PORT}`;
const perSecond = (count: number, times: readonly number[]): string =>
  Math.round(count / (median(times) / 1000)).toLocaleString("en");

async function sendRaw(records: readonly TopicRecord[]): Promise<void> {
  const messages = records.map(({ topic, key, value }) => {
    const partition = partitionOf(key, PARTITIONS);
    return { topic, partition, key: Buffer.from(key), value: Buffer.from(value) };
  });
  await producer.send({ messages });
}

/** Events posted in bodies of `size` by so many connections, and the same given to the client by as many callers. */
async function accepted(size: number, connections: number, count: number): Promise<string[]> {
  const client = apiClient(url, connections);
  const [rest, raw]: [number[], number[]] = [[], []];
  for (let run = 0; run < RUNS; run++) {
    const bodies = Array.from({ length: count / size }, (_, body) => {
      const events = Array.from({ length: size }, (__, index) => eventAt(body * size + index));
      return JSON.stringify(size === 1 ? events[0] : events);
    });
    rest.push(await timed(() => inParallel(bodies, connections, (body) => client.post(body))));
    const batches = Array.from({ length: count / size }, (_, batch) => recordsOf(batch * size, size));
    raw.push(await timed(() => inParallel(batches, connections, sendRaw)));
  }
  await client.close();
  return [`${size} per request, ${connections} connections`, perSecond(count, rest), perSecond(count, raw)];
}

/** Offsets that all tables have, added up. */
async function offsetsInTables(tables: readonly (readonly [string, DeltaTable, DeltaTable])[]): Promise<number> {
  let sum = 0;
  for (const [topic, bronze, silver] of tables) {
    const [a, b] = [await bronze.snapshot(), await silver.snapshot()];
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const id = streamApplicationId(topic, partition);
      sum += Math.min(a.transaction(id) ?? 0, b.transaction(id) ?? 0);
    }
  }
  return sum;
}

/** Events per second that the consumer, with these settings, brings from the log to the tables, from its first commit on, and its process. */
async function intoTables(settings: Readonly<Record<string, string>>): Promise<{
  readonly rate: number;
  readonly peak: number;
  readonly processorMicros: number;
}> {
  await using store = await openObjectStore(new URL(`file://${directory.path}/lakehouse`).href);
  await using engine = await openSqlEngine();
  const tables: [string, DeltaTable, DeltaTable][] = [];
  for (const topic of EVENT_TOPICS) {
    const names = tablesOfTopic(topic);
    const open = (name: Parameters<typeof openLakeTable>[1]): Promise<DeltaTable> =>
      openLakeTable({ store, engine }, name);
    tables.push([topic, await open(names.bronze), await open(names.silver)]);
  }
  const { next } = await log.offsets(EVENT_TOPICS);
  const end = [...next.values()].reduce((sum, offset) => sum + offset, 0);
  const before = await offsetsInTables(tables);
  await using service = await startService("stream_consumer", { ...environment, ...settings });
  let first: { readonly at: number; readonly offsets: number; readonly seconds: number } | undefined;
  for (;;) {
    const offsets = await offsetsInTables(tables);
    const at = performance.now();
    if (offsets > before) first ??= { at, offsets, seconds: service.processorSeconds() };
    if (offsets >= end) {
      const rows = end - first!.offsets;
      const processorMicros = ((service.processorSeconds() - first!.seconds) / rows) * 1e6;
      return { rate: rows / ((at - first!.at) / 1000), peak: service.peakMemory(), processorMicros };
    }
    await sleep(50);
  }
}

async function consumeRaw(): Promise<number> {
  const consumer = new Consumer({
    clientId: "bench",
    bootstrapBrokers,
    groupId: `bench_${process.pid}_${performance.now()}`,
  });
  const stream = await consumer.consume({
    topics: EVENT_TOPICS,
    mode: MessagesStreamModes.EARLIEST,
    autocommit: false,
  });
  const began = performance.now();
  let count = 0;
  for await (const _message of stream) if (++count === EVENTS) break;
  const seconds = (performance.now() - began) / 1000;
  await consumer.close(true);
  return EVENTS / seconds;
}

/** Milliseconds from a POST to its effect, sorted, while `BACKGROUND` events a second come in from others. */
async function latencies(): Promise<{ readonly trending: number[]; readonly list: number[] }> {
  const client = apiClient(url, 8);
  const stop = new AbortController();
  const background = (async () => {
    for (let at = 0; !stop.signal.aborted; at += 10) {
      await client.post(JSON.stringify(Array.from({ length: 10 }, (_, index) => eventAt(at + index))));
      await sleep(10_000 / BACKGROUND);
    }
  })();
  const [trending, list]: [number[], number[]] = [[], []];
  for (let sample = 0; sample < SAMPLES; sample++) {
    const user = 1 + (sample % 100);
    const [film] = (await client.get(`/recommendations/${user}?k=10`)).items;
    const rating = { ...eventAt(4), user_id: user, movie_id: film!.movie_id, rating: 4.5 };
    const began = performance.now();
    const position = await client.post(JSON.stringify(rating));
    const inTrending = client.getAfter("/trending?k=10", position).then(() => trending.push(performance.now() - began));
    const changed = await client.getAfter(`/recommendations/${user}?k=10`, position);
    list.push(performance.now() - began);
    if (changed.items.some(({ movie_id }) => movie_id === film!.movie_id))
      throw new Error("a rated film is still listed");
    await inTrending;
  }
  stop.abort();
  await background;
  await client.close();
  return { trending: trending.sort((a, b) => a - b), list: list.sort((a, b) => a - b) };
}

const quantile = (sorted: readonly number[], share: number): string =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!.toFixed(0);
const megabytes = (services: readonly (readonly [string, ServiceProcess])[]): string[][] =>
  services.map(([name, service]) => [name, service.peakMemory().toFixed(0)]);

conditions({
  events: EVENTS,
  "bytes each": JSON.stringify(eventAt(0)).length,
  partitions: PARTITIONS,
  runs: RUNS,
  "flush interval ms": FLUSH_MS,
});

{
  await using api = await startService("api", environment);
  await accepted(100, 16, 20_000); // to warm up
  printTable(
    ["events per second accepted (median)", "POST /events", "Kafka client alone"],
    [await accepted(100, 16, EVENTS / 5), await accepted(1, 64, EVENTS / 25)],
  );
  printTable(["service", "peak MB"], megabytes([["api", api]]));
}

const rows: string[][] = [];
await intoTables({}); // what has been posted so far, to warm up
for (const [name, settings] of [
  ["as it comes", {}],
  ["with little memory", LITTLE_MEMORY],
] as const) {
  const rates: { readonly tables: Awaited<ReturnType<typeof intoTables>>; readonly raw: number }[] = [];
  for (let run = 0; run < RUNS; run++) {
    for (let at = 0; at < EVENTS; at += 5000) await sendRaw(recordsOf(at, 5000));
    rates.push({ tables: await intoTables(settings), raw: await consumeRaw() });
  }
  rows.push([
    name,
    Math.round(median(rates.map(({ tables }) => tables.rate))).toLocaleString("en"),
    Math.round(median(rates.map(({ raw }) => raw))).toLocaleString("en"),
    median(rates.map(({ tables }) => tables.processorMicros)).toFixed(1),
    median(rates.map(({ tables }) => tables.peak)).toFixed(0),
  ]);
}
printTable(
  [
    "events per second from Kafka (median)",
    "into Bronze and Silver",
    "Kafka client alone",
    "processor µs per event",
    "peak MB",
  ],
  rows,
);

{
  const catalogue = ["--dataset", "synthetic", "--users", "500", "--movies", "2000", "--ratings", "40000"];
  await runCommand(["bootstrap", ...catalogue], environment);
  await runCommand(["etl"], environment);
  await runCommand(["train"], environment);
  await using trending = await startService("trending_aggregator", environment);
  await using consumer = await startService("stream_consumer", environment);
  await using api = await startService("api", environment);
  const times = await latencies();
  printTable(
    [`ms from POST under ${BACKGROUND} events/s, ${SAMPLES} samples`, "p50", "p99"],
    [
      ["to /trending", quantile(times.trending, 0.5), quantile(times.trending, 0.99)],
      ["to the user's list", quantile(times.list, 0.5), quantile(times.list, 0.99)],
    ],
  );
  printTable(
    ["service", "peak MB"],
    megabytes([
      ["api", api],
      ["stream_consumer", consumer],
      ["trending_aggregator", trending],
    ]),
  );
}
await producer.close();
