import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { mixedStream, send, sent } from "./events.ts";
import { expectEverythingOnce } from "./expectations.ts";
import { drain, openWorld, readTable, snapshotOf, startConsumer } from "./world.ts";

const rating = { event_ts: new Date().toISOString(), user_id: 1, movie_id: 10, rating: 4 };

test("many small flushes leave few files, and every row as it was", async () => {
  await using world = await openWorld();
  const consumer = await startConsumer(world, { compactIntervalMs: 20 });
  const filesOf = async () => {
    await using scan = await (await snapshotOf(world, "silver_events_ratings")).scan();
    return scan.files;
  };
  for (let flush = 0; flush < 20; flush++) {
    await send(world.log, [sent("rating", { ...rating, event_id: randomUUID() })]);
    await consumer.flush();
  }
  await expect.poll(filesOf, { timeout: 5000 }).toBeLessThan(8);
  await consumer.stop();
  expect(await readTable(world, "silver_events_ratings")).toHaveLength(20);
  await expectEverythingOnce(world);
});

test("rows that are replaced while their files are compacted lose nothing", async () => {
  await using world = await openWorld();
  const consumer = await startConsumer(world, { compactIntervalMs: 1 });
  const { records } = mixedStream(400, 21, Date.now(), ["rating"]);
  for (let from = 0; from < records.length; from += 10) {
    await send(world.log, records.slice(from, from + 10));
    await consumer.flush();
  }
  await consumer.stop();
  await drain(world);
  await expectEverythingOnce(world);
});

test("zero leaves the files alone", async () => {
  await using world = await openWorld();
  const consumer = await startConsumer(world, { compactIntervalMs: 0 });
  for (let flush = 0; flush < 10; flush++) {
    await send(world.log, [sent("rating", { ...rating, event_id: randomUUID() })]);
    await consumer.flush();
  }
  await consumer.stop();
  await using scan = await (await snapshotOf(world, "silver_events_ratings")).scan();
  expect(scan.files).toBe(10);
});
