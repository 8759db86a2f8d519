import {
  attackSummary,
  attackUnderLoad,
  brokenPromises,
  temporaryDirectory,
  type TrendingPlatform,
} from "@cinelake/testkit";
import { expect, test } from "vitest";
import { get, post } from "./support/client.ts";
import { cinelake, startPlatform } from "./support/platform.ts";
import { startPlatformServers } from "./support/servers.ts";

const USERS = 800;
const DEMO = ["demo", "--dataset", "synthetic", "--users", `${USERS}`, "--movies", "400", "--ratings", "20000"];
const EVENTS_IN_A_REQUEST = 500;

interface Trending {
  readonly items: readonly { readonly movie_id: number; readonly source: string }[];
}

function platformAt(url: string): TrendingPlatform {
  let last = "";
  return {
    async send(events) {
      for (let at = 0; at < events.length; at += EVENTS_IN_A_REQUEST) {
        last = await post(
          url,
          events.slice(at, at + EVENTS_IN_A_REQUEST).map((event) => ({ ...event })),
        );
      }
    },
    async counted() {
      const response = await fetch(`${url}/trending?after=${last}`);
      expect(response.headers.get("x-position-reached")).toBe("true");
    },
    async list() {
      const { items } = await get<Trending>(`${url}/trending?k=500`);
      return items.filter(({ source }) => source === "live").map(({ movie_id }) => movie_id);
    },
  };
}

test("through the API, on Kafka, Redis and PostgreSQL, under load: one user's thousand events bring nothing into the top twenty, a burst of 200 users is there within two seconds", async () => {
  await using servers = await startPlatformServers();
  await using directory = await temporaryDirectory();
  const env = { ...servers.environment, AFTER_WAIT_MS: "20000" };
  await using platform = await startPlatform(directory.path, DEMO, env);
  const { stdout } = await cinelake(directory.path, ["table", "read", "silver_movies", "--json"], { env });
  const films = Array.from(stdout.matchAll(/"movie_id":(\d+)/g), ([, id]) => Number(id));
  const report = await attackUnderLoad(platformAt(platform.url), {
    knownUsers: Array.from({ length: USERS }, (_, user) => user + 1),
    films: films.slice(0, 50),
    absentFilms: films.slice(50),
  });
  process.stdout.write(`POST /events and GET /trending: ${attackSummary(report)}\n`);
  expect(brokenPromises(report)).toEqual([]);
}, 180_000);
