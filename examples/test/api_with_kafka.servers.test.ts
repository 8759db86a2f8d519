import { startKafkaBroker, temporaryDirectory } from "@cinelake/testkit";
import { expect, test, vi } from "vitest";
import { startProgram, type Program } from "./support/program.ts";

const DEMO = ["demo", "--dataset", "synthetic", "--users", "60", "--movies", "200", "--ratings", "2400"];
const SOON = { timeout: 20_000, interval: 50 };

async function addressOf(program: Program): Promise<string> {
  return (await program.prints(/http:\/\/(?:localhost|127\.0\.0\.1):\d+/))[0];
}

async function filmsOf(url: string): Promise<number[]> {
  const { films } = (await (await fetch(`${url}/start_page/1`)).json()) as { films: { movie_id: number }[] };
  return films.map(({ movie_id }) => movie_id);
}

async function like(url: string, body: string): Promise<number> {
  return (await fetch(`${url}/likes`, { method: "POST", body })).status;
}

test("a like goes through Kafka into the user's next list; without Cinelake or Kafka the shop still answers", async () => {
  await using kafka = await startKafkaBroker();
  await using directory = await temporaryDirectory();
  const env = { LOG_URL: kafka.url, PORT: "0" };
  await using cinelake = startProgram("services/cli/src/main.ts", DEMO, { ...env, DATA_DIR: directory.path });
  const API_URL = await addressOf(cinelake);
  await using shop = startProgram("examples/api_with_kafka/main.ts", [], { ...env, API_URL });
  const url = await addressOf(shop);

  const [film] = await vi.waitFor(async () => {
    const films = await filmsOf(url);
    expect(films).toHaveLength(12);
    return films;
  }, SOON);
  expect(await like(url, JSON.stringify({ user_id: 1, movie_id: film }))).toBe(202);
  await vi.waitFor(async () => {
    const films = await filmsOf(url);
    expect(films).toHaveLength(12);
    expect(films).not.toContain(film);
  }, SOON);

  expect(await like(url, "no JSON")).toBe(400);
  expect(await like(url, JSON.stringify({ user_id: 0, movie_id: film }))).toBe(400);
  expect((await fetch(`${url}/nothing`)).status).toBe(404);
  await cinelake.stop("SIGKILL");
  expect(await filmsOf(url)).toEqual([]);
  expect(await like(url, JSON.stringify({ user_id: 1, movie_id: film }))).toBe(202);
  await kafka.stop();
  expect(await like(url, JSON.stringify({ user_id: 1, movie_id: film }))).toBe(503);
  await kafka.start();
  await vi.waitFor(async () => expect(await like(url, JSON.stringify({ user_id: 1, movie_id: film }))).toBe(202), SOON);
  expect(await shop.stop("SIGTERM"), shop.output()).toBe(0);
}, 120_000);
