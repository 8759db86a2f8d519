import { sharedFile, temporaryDirectory, type TemporaryDirectory } from "@cinelake/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { event, get, post, rating, type ListAnswer } from "./support/client.ts";
import { cinelake, eventually, startPlatform, type Platform } from "./support/platform.ts";

/** Real MovieLens data where they lie beside the repository, the synthetic data set elsewhere. */
const archive = sharedFile("data/ml-latest-small.zip");

let directory: TemporaryDirectory;
let platform: Platform;

beforeAll(async () => {
  directory = await temporaryDirectory();
  platform = await startPlatform(directory.path, [
    "demo",
    ...(archive ? ["--source", archive] : ["--dataset", "synthetic"]),
  ]);
}, 120_000);

afterAll(async () => {
  expect(await platform.stop()).toBe(0);
  await directory[Symbol.asyncDispose]();
});

const recommendations = (userId: number, k: number, after = ""): Promise<ListAnswer> =>
  get(`${platform.url}/recommendations/${userId}?k=${k}${after && `&after=${after}`}`);

async function similarityTo(movieId: number): Promise<Map<number, number>> {
  const { items } = await get(`${platform.url}/movies/${movieId}/similar?k=500`);
  return new Map(items.map((each) => [each.movie_id, each.score]));
}

describe("the demo", () => {
  test("recommends ten different films with titles that the user has not rated", async () => {
    const { items } = await recommendations(1, 10);
    expect(new Set(items.map((each) => each.movie_id)).size).toBe(10);
    expect(items.every((each) => each.title.length > 0)).toBe(true);
    const history = await get<{ items: { movie_id: number }[] }>(`${platform.url}/users/1/history?k=500`);
    expect(history.items.length).toBeGreaterThanOrEqual(20);
    const rated = new Set(history.items.map((each) => each.movie_id));
    expect(items.filter((each) => rated.has(each.movie_id))).toEqual([]);
  });

  test("has a trending list of ten, and tells an unknown user's list apart", async () => {
    expect((await get(`${platform.url}/trending?k=10`)).items).toHaveLength(10);
    const unknown = await recommendations(987_654_321, 10);
    expect(unknown.items).toHaveLength(10);
    expect(unknown.strategy).not.toBe((await recommendations(1, 10)).strategy);
  });

  test("three ratings of 5.0 in one taste change three of the top ten towards it, and leave the list", async () => {
    const user = 2;
    const before = await recommendations(user, 500);
    const [seed] = (await get(`${platform.url}/movies?query=&genre=Horror&limit=1`)).items.length
      ? (await get(`${platform.url}/trending?k=500&genre=Horror`)).items
      : before.items;
    const taste = [seed!, ...(await get(`${platform.url}/movies/${seed!.movie_id}/similar?k=2`)).items].map(
      (each) => each.movie_id,
    );
    const position = await post(
      platform.url,
      taste.map((movieId) => rating(user, movieId, 5)),
    );
    const after = await recommendations(user, 10, position);
    const top = before.items.slice(0, 10).map((each) => each.movie_id);
    const now = after.items.map((each) => each.movie_id);
    expect(now.filter((movieId) => !top.includes(movieId)).length).toBeGreaterThanOrEqual(3);
    expect(now.filter((movieId) => taste.includes(movieId))).toEqual([]);
    const similarities = await Promise.all(taste.map(similarityTo));
    const mean = (films: readonly number[]): number =>
      films.flatMap((film) => similarities.map((each) => each.get(film) ?? 0)).reduce((sum, each) => sum + each, 0) /
      (films.length * similarities.length);
    expect(mean(now)).toBeGreaterThan(mean(top));
  });

  test("a rating of 0.5 lowers the film's 20 nearest neighbours", async () => {
    const user = 3;
    const before = await recommendations(user, 500);
    const scores = new Map(before.items.map((each) => [each.movie_id, each.score]));
    const disliked = before.items[0]!.movie_id;
    const neighbours = (await get(`${platform.url}/movies/${disliked}/similar?k=20`)).items.map(
      (each) => each.movie_id,
    );
    const position = await post(platform.url, [rating(user, disliked, 0.5)]);
    const after = await recommendations(user, 500, position);
    const lowered = new Map(after.items.map((each) => [each.movie_id, each.score]));
    const visible = neighbours.filter((film) => scores.has(film));
    expect(visible.length).toBeGreaterThanOrEqual(10);
    for (const film of visible) expect(lowered.get(film) ?? Number.NEGATIVE_INFINITY).toBeLessThan(scores.get(film)!);
    expect(lowered.has(disliked)).toBe(false);
  });

  test("ten users' clicks bring an absent film into trending within two seconds, under the events of 100 others", async () => {
    const popular = (await get(`${platform.url}/trending?k=100`)).items.map((each) => each.movie_id);
    const catalogue = (await get(`${platform.url}/movies?limit=200`)).items.map((each) => each.movie_id);
    const absent = catalogue.find((movieId) => !popular.includes(movieId))!;
    const backgroundEnds = new AbortController();
    const background = (async () => {
      for (let user = 10_000; !backgroundEnds.signal.aborted; user = 10_000 + ((user + 1) % 100)) {
        await post(platform.url, [
          event(user % 2 ? "view" : "click", user, catalogue[(user * 7919) % catalogue.length]!),
        ]);
      }
    })();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await Promise.all(
      Array.from({ length: 10 }, (_, user) => post(platform.url, [event("click", 20_000 + user, absent)])),
    );
    await eventually(
      () => get(`${platform.url}/trending?k=10`),
      ({ items }) => items.some((each) => each.movie_id === absent),
      2000,
    ).finally(() => backgroundEnds.abort());
    await background;
  });

  test("commands beside it run in its process, and tables are read in one of their own", async () => {
    const status = await cinelake(directory.path, ["status", "--json"]);
    expect(JSON.parse(status.stdout)).toMatchObject({ owner: { pid: platform.pid } });
    const read = await cinelake(directory.path, [
      "table",
      "read",
      "silver_movies",
      "--limit",
      "2",
      "--columns",
      "movie_id",
    ]);
    expect(read).toMatchObject({
      exitCode: 0,
      stderr: "",
      stdout: expect.stringMatching(/^(\{"movie_id":\d+\}\n){2}$/),
    });
    const second = await cinelake(directory.path, ["serve"]);
    expect(second).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(`process ${platform.pid}`) });
  });
});
