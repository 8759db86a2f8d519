import { readdir } from "node:fs/promises";
import { seededRandom, temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { event, get, post, rating, type ListAnswer } from "./support/client.ts";
import { expectClicksOnce, killWhilePosting } from "./support/kills.ts";
import { cinelake, eventually, startPlatform } from "./support/platform.ts";
import { startPlatformServers } from "./support/servers.ts";

const DEMO = ["demo", "--dataset", "synthetic", "--users", "60", "--movies", "200", "--ratings", "2400"];
const SOON_MS = 20_000;

type Trending = ListAnswer & { readonly stale: boolean };

const moviesOf = ({ items }: ListAnswer): number[] => items.map(({ movie_id }) => movie_id);
const trendingOf = (url: string) => get<Trending>(`${url}/trending?k=10`);
const listOf = (url: string, after = "") => get(`${url}/recommendations/1?k=10${after && `&after=${after}`}`);

/** Resolves once the film leads a fresh trending list. */
async function leads(url: string, film: number): Promise<void> {
  await eventually(
    () => trendingOf(url),
    (trending) => !trending.stale && moviesOf(trending)[0] === film,
    SOON_MS,
  );
}

test("kill -9 at random moments while events are posted: every acknowledged event is there once, in Kafka, in Bronze and in Silver", async () => {
  await using servers = await startPlatformServers();
  await using directory = await temporaryDirectory();
  const env = servers.environment;
  const posted = await killWhilePosting(directory.path, { kills: 6, random: seededRandom(20_260), env });
  await expectClicksOnce(directory.path, posted, env);
}, 180_000);

test("on Kafka, Redis and PostgreSQL an acknowledged event is in its user's next list, a burst in trending, and a second start finds everything", async () => {
  await using servers = await startPlatformServers();
  await using directory = await temporaryDirectory();
  const env = { ...servers.environment, FLUSH_INTERVAL_MS: "100", AFTER_WAIT_MS: String(SOON_MS) };
  const silverRatings = async (): Promise<string> =>
    (await cinelake(directory.path, ["table", "read", "silver_events_ratings", "--json"], { env })).stdout;
  let rated: number;
  let burst: number;
  let model: string | null;
  {
    await using platform = await startPlatform(directory.path, DEMO, env);
    const { url } = platform;
    [rated, burst] = moviesOf(await listOf(url)) as [number, number];
    const position = await post(url, [rating(1, rated, 4.5)]);
    expect(moviesOf(await listOf(url, position))).not.toContain(rated);
    await post(
      url,
      Array.from({ length: 100 }, (_, user) => event("click", 1000 + user, burst)),
    );
    await leads(url, burst);
    await eventually(silverRatings, (text) => text.includes(`"movie_id":${rated}`), SOON_MS);
    model = (await get<{ model_version: string }>(`${url}/ready`)).model_version;
    await platform.kill();
  }
  expect(await readdir(directory.path)).toEqual(expect.not.arrayContaining(["log", "metadata.sqlite"]));

  await using platform = await startPlatform(directory.path, ["serve"], env);
  const { url } = platform;
  await eventually(
    () => fetch(`${url}/ready`).then((response) => response.status),
    (status) => status === 200,
    SOON_MS,
  );
  expect(await get(`${url}/ready`)).toMatchObject({ model_version: model });
  expect(await listOf(url)).toMatchObject({ strategy: "hybrid" });
  expect(moviesOf(await listOf(url))).not.toContain(rated);
  await leads(url, burst);
  expect((await silverRatings()).trim().split("\n")).toHaveLength(1);
  expect(await platform.stop()).toBe(0);
}, 120_000);

test("Redis, PostgreSQL or Kafka gone for a while is no error for readers; events are refused or kept; then all goes on by itself", async () => {
  await using servers = await startPlatformServers();
  await using directory = await temporaryDirectory();
  const { redis, postgres, kafka } = servers;
  const env = { ...servers.environment, FLUSH_INTERVAL_MS: "100", AFTER_WAIT_MS: String(SOON_MS) };
  await using platform = await startPlatform(directory.path, DEMO, env);
  const { url } = platform;
  const [film, other, third] = moviesOf(await listOf(url)) as [number, number, number];
  await post(
    url,
    Array.from({ length: 100 }, (_, user) => event("click", 1000 + user, film)),
  );
  await leads(url, film);

  await redis.stop("SIGKILL");
  expect(moviesOf(await listOf(url, await post(url, [rating(1, other, 4)])))).not.toContain(other);
  await eventually(
    () => trendingOf(url),
    (trending) => trending.stale,
    SOON_MS,
  );
  expect(moviesOf(await trendingOf(url))[0]).toBe(film);
  await redis.start();
  await leads(url, film);

  await postgres.stop("SIGKILL");
  expect(moviesOf(await listOf(url, await post(url, [rating(1, third, 4)])))).not.toContain(third);
  expect((await fetch(`${url}/ready`)).status).toBe(200);
  await postgres.start();
  await eventually(
    () => fetch(`${url}/ready`).then((response) => response.status),
    (status) => status === 200,
    SOON_MS,
  );

  await kafka.freeze();
  await expect(post(url, [event("view", 2, film)])).rejects.toThrow("log_unavailable");
  expect((await listOf(url)).items).toHaveLength(10);
  await leads(url, film);
  await kafka.thaw();
  await eventually(
    () =>
      post(url, [event("view", 2, film)]).then(
        () => true,
        () => false,
      ),
    (accepted) => accepted,
    SOON_MS,
  );
  expect(await platform.stop()).toBe(0);
}, 120_000);
