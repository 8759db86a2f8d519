import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openEventLog } from "@cinelake/event_log";
import { freePort, seededRandom, temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { get, post, rating, type ListAnswer } from "./support/client.ts";
import { cinelake, eventually } from "./support/platform.ts";
import { startPlatformServers } from "./support/servers.ts";
import { ends, killsAtSteps, type Trouble } from "./support/stream_scenario/chaos.ts";
import { drained, expectOtherReaderAgrees, openLake } from "./support/stream_scenario/checks.ts";
import { playEmbedded } from "./support/stream_scenario/embedded.ts";
import { appendTo } from "./support/stream_scenario/producer.ts";
import { DATASET, expectEverythingOnce, play, scenarioSeed } from "./support/stream_scenario/scenario.ts";
import { supervise, type Ending } from "./support/stream_scenario/supervised.ts";

const main = (service: string): string => fileURLToPath(new URL(`../../${service}/src/main.ts`, import.meta.url));
const KILLED = fileURLToPath(new URL("support/stream_scenario/killed_stream_consumer.ts", import.meta.url));
const EVENTS = 200_000;
/** After so long the test's broker gives a silent member's partitions to others. */
const SESSION_MS = 10_000;
const DRAIN_MS = 120_000;

const moviesOf = ({ items }: ListAnswer): number[] => items.map(({ movie_id }) => movie_id);

test("200,000 events through services in processes of their own, which are killed, on servers that are restarted: each is in its tables once", async () => {
  const random = seededRandom(scenarioSeed());
  await using servers = await startPlatformServers();
  await using directory = await temporaryDirectory();
  const { kafka, redis, environment } = servers;
  const env = { ...environment, DATA_DIR: directory.path, FLUSH_INTERVAL_MS: "500", FLUSH_ROWS: "10000" };
  await using opened = new AsyncDisposableStack();
  const run = async (name: string, service: string, more: Readonly<Record<string, string>> = {}) =>
    opened.use(await supervise({ name, command: [main(service)], killed: KILLED, env: { ...env, ...more } }));

  const consumers = [
    await run("stream_consumer_1", "stream_consumer"),
    await run("stream_consumer_2", "stream_consumer"),
  ];
  await Promise.all(consumers.map((each) => each.started()));
  for (const args of [["bootstrap", ...DATASET], ["etl"], ["train"]]) {
    expect(await cinelake(directory.path, args, { env })).toMatchObject({ exitCode: 0 });
  }
  const ports = [await freePort(), await freePort()];
  const apis = await Promise.all(
    ports.map((port, at) => run(`api_${at + 1}`, "api", { PORT: String(port), AFTER_WAIT_MS: "1000" })),
  );
  const trending = await run("trending_aggregator", "trending_aggregator");
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  const log = opened.use(await openEventLog(environment["LOG_URL"]!));
  expect(consumers.map((each) => each.ends.own)).toEqual([[], []]);

  const members = [...consumers];
  /** A third member comes and goes. */
  const visit =
    (signal: Ending): Trouble =>
    async () => {
      await using visitor = await supervise({ name: "stream_consumer_3", command: [main("stream_consumer")], env });
      members.push(visitor);
      await visitor.started();
      await sleep(1_000 + random.int(2_000));
      expect(await visitor.stop(signal)).toBe(signal === "SIGTERM" ? 0 : null);
    };
  /** The group goes on without a member, which does not know and writes on. */
  const freeze: Trouble = () => random.pick(consumers).freeze(SESSION_MS + 2_000);
  const restartKafka: Trouble = async () => {
    await kafka.stop(random.int(2) === 0);
    await kafka.start();
  };
  const restartRedis: Trouble = async () => {
    await redis.stop("SIGKILL");
    await redis.start();
  };
  const stage = {
    directory: directory.path,
    urls,
    consumers: members,
    apis,
    append: appendTo(log),
    lanes: [
      [
        ...killsAtSteps(consumers, random, { times: 2, latest: 3 }),
        ...ends(consumers, random, "SIGKILL", 5),
        ...ends(consumers, random, "SIGTERM", 3),
        visit("SIGTERM"),
        visit("SIGKILL"),
        freeze,
        freeze,
      ],
      [...ends(apis, random, "SIGKILL", 8), ...ends([trending], random, "SIGKILL", 2), restartKafka, restartRedis],
    ],
    async settled() {
      await using lake = await openLake(directory.path);
      await drained(log, lake.offset, DRAIN_MS);
    },
  };
  const played = await play(stage, { count: EVENTS, seconds: 80, random });
  await expectListsAlive(urls);
  await stage.settled();
  for (const each of [...consumers, ...apis, trending]) expect([each.name, await each.stop()]).toEqual([each.name, 0]);
  const expected = await expectEverythingOnce(stage, played, log);
  await expectOtherReaderAgrees(directory.path, expected);
}, 900_000);

test("200,000 events through one process with the file log, which is killed at random and at each step: each is in its tables once", async () => {
  await playEmbedded({ count: EVENTS, seconds: 60 }, expectOtherReaderAgrees);
}, 600_000);

/** Trending is fresh at each instance, and what one instance was told is in the next list of the other, within the second that it waits. */
async function expectListsAlive(urls: readonly string[]): Promise<void> {
  for (const url of urls) {
    await eventually(
      () => get<ListAnswer & { stale: boolean }>(`${url}/trending?k=10`),
      ({ stale, items }) => !stale && items.length === 10,
      30_000,
    );
    await eventually(
      () => get(`${url}/recommendations/1?k=10`),
      ({ strategy }) => strategy === "hybrid",
      30_000,
    );
  }
  const [one, other] = urls as [string, string];
  const waits: number[] = [];
  const delays: number[] = [];
  for (let user = 1; user <= 20; user++) {
    const list = (after = ""): Promise<ListAnswer> => get(`${other}/recommendations/${user}?k=10${after}`);
    const [first, second] = moviesOf(await list()) as [number, number];
    const position = await post(one, [rating(user, first, 4.5)]);
    let since = performance.now();
    expect(moviesOf(await list(`&after=${position}`))).not.toContain(first);
    waits.push(performance.now() - since);
    await post(one, [rating(user, second, 4.5)]);
    since = performance.now();
    await eventually(list, (answer) => !moviesOf(answer).includes(second), 10_000);
    delays.push(performance.now() - since);
  }
  const median = (values: number[]): number => Math.round(values.sort((a, b) => a - b)[values.length / 2]!);
  process.stdout.write(
    `stream scenario: from one instance to the other's list ${median(waits)} ms with after, ${median(delays)} ms without\n`,
  );
}
