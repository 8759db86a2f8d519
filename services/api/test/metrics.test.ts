import { expect, test, vi } from "vitest";
import { createMetrics } from "@cinelake/runtime";
import { reportLag } from "../src/state/lag.ts";
import { event, openWorld, type World } from "./world.ts";

type Api = Awaited<ReturnType<World["api"]>>;

async function seriesOf(app: Api, prefix: string): Promise<string[]> {
  const { body } = await app.inject("/metrics");
  return body.split("\n").filter((line) => line.startsWith(prefix));
}

async function promoteAgain(world: World, version: string, details: Record<string, unknown>): Promise<void> {
  const { metadata } = world.ports;
  const { revision, snapshotKey } = (await metadata.servingModel())!;
  await metadata.promoteModel({ modelVersion: version, snapshotKey, details }, revision);
}

test("metrics tell of the model that serves what its row tells, and nothing of the one before", async () => {
  await using world = await openWorld();
  const app = await world.api();
  expect(await seriesOf(app, "cinelake_model_info")).toEqual(['cinelake_model_info{version="m1"} 1']);
  expect(await seriesOf(app, "cinelake_model_quality")).toEqual([]);

  const quality = { loss: 0.5, "ndcg@10": 0.25, odd: "text" };
  await promoteAgain(world, "m2", { users: 60, ratings: 900, training_seconds: 1.5, quality });
  await vi.waitFor(async () =>
    expect(await seriesOf(app, "cinelake_model_info")).toEqual(['cinelake_model_info{version="m2"} 1']),
  );
  expect(await seriesOf(app, "cinelake_model_training_seconds")).toEqual(["cinelake_model_training_seconds 1.5"]);
  expect(await seriesOf(app, "cinelake_model_inputs")).toEqual([
    'cinelake_model_inputs{kind="users"} 60',
    'cinelake_model_inputs{kind="ratings"} 900',
  ]);
  expect(await seriesOf(app, "cinelake_model_quality")).toEqual([
    'cinelake_model_quality{metric="loss"} 0.5',
    'cinelake_model_quality{metric="ndcg@10"} 0.25',
  ]);

  await promoteAgain(world, "m3", { quality: "unknown" });
  await vi.waitFor(async () =>
    expect(await seriesOf(app, "cinelake_model_info")).toEqual(['cinelake_model_info{version="m3"} 1']),
  );
  expect(await seriesOf(app, "cinelake_model_training_seconds")).toEqual([]);
  expect(await seriesOf(app, "cinelake_model_quality")).toEqual([]);
});

test("the API's lag is what the log has beyond the place it has read to", async () => {
  await using world = await openWorld();
  const { log } = world.ports;
  const app = await world.api();
  await app.inject({ method: "POST", url: "/events", payload: [event("view", 1, 2), event("view", 1, 3)] });
  const { next } = await log.offsets(["events_views"]);
  const [partition] = [...next].find(([, offset]) => offset === 2)!;
  const metrics = createMetrics();
  await reportLag(metrics, log, new Map([...next].map(([key, offset]) => [key, Math.max(0, offset - 1)])));
  const lags = (await metrics.text()).split("\n").filter((line) => line.startsWith("cinelake_api_lag_records{"));
  const number = partition.slice(partition.lastIndexOf("/") + 1);
  expect(lags.toSorted()).toEqual(
    ["0", "1", "2"].map(
      (each) => `cinelake_api_lag_records{topic="events_views",partition="${each}"} ${each === number ? 1 : 0}`,
    ),
  );
});

test("a running API reports its lag", async () => {
  await using world = await openWorld();
  const app = await world.api();
  await vi.waitFor(async () => expect(await seriesOf(app, "cinelake_api_lag_records{")).toHaveLength(9));
});
