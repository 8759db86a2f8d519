import * as fc from "fast-check";
import { expect, test } from "vitest";
import { tablesOfTopic, EVENT_TOPICS } from "@cinelake/contracts";
import { mixedStream, send } from "./events.ts";
import { drain, openWorld, readTable, startConsumer, type World } from "./world.ts";

test("any split of the records into batches, with restarts between, gives the Silver rows of one batch", async () => {
  const now = Date.now();
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.array(fc.record({ size: fc.integer({ min: 1, max: 40 }), restart: fc.boolean() }), {
        minLength: 1,
        maxLength: 5,
      }),
      async (seed, cuts) => {
        const { records } = mixedStream(80, seed, now, ["click", "rating"]);
        await using whole = await openWorld();
        await send(whole.log, records);
        await drain(whole);
        await using split = await openWorld();
        let consumer = await startConsumer(split);
        let sentSoFar = 0;
        for (const { size, restart } of cuts) {
          await send(split.log, records.slice(sentSoFar, sentSoFar + size));
          sentSoFar += size;
          await consumer.flush();
          if (!restart) continue;
          await consumer.stop();
          consumer = await startConsumer(split);
        }
        await send(split.log, records.slice(sentSoFar));
        await consumer.flush();
        await consumer.stop();
        expect(await silverOf(split)).toEqual(await silverOf(whole));
      },
    ),
    { numRuns: 4 },
  );
});

async function silverOf(world: World): Promise<string[][]> {
  const tables: string[][] = [];
  for (const topic of EVENT_TOPICS) {
    const rows = await readTable(world, tablesOfTopic(topic).silver);
    tables.push(rows.map((row) => JSON.stringify({ ...row, ingestion_ts: "" })).sort());
  }
  return tables;
}
