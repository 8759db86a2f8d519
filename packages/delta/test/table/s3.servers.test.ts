import { startFaultyProxy, startS3Server, type ProxyFault, type S3Server } from "@cinelake/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTable, openTable } from "@cinelake/delta";
import { keysBelow, openLake, rowsOf, struct } from "../support/tables.ts";
import { counts, runWriter } from "../support/writers.ts";

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server();
  Object.assign(process.env, server.environment);
});
afterAll(() => server[Symbol.asyncDispose]());

test("racing_processes_lose_nothing_on_s3: also if one is killed in the middle and goes on", async () => {
  const url = server.url("race");
  await using lake = await openLake(url);
  const context = { ...lake.context, path: "t" };
  const schema = struct({ writer: "string", "n!": "integer" });
  const table = await createTable(context, { schema, configuration: { "delta.checkpointInterval": "5" } });
  const writers = ["a", "b", "c", "d"];
  const each = 8;
  const results = await Promise.all(writers.map((writer) => runWriter(url, writer, each)));
  expect(results.map(({ committed }) => committed.length)).toEqual(writers.map(() => each));
  const killed = await runWriter(url, "a", 100, "after putIfAbsent 2");
  expect(killed.signal).toBe("SIGKILL");
  await runWriter(url, "a", each + 4);
  expect(await counts(lake)).toEqual(
    writers.map((writer) => {
      const rows = writer === "a" ? each + 4 : each;
      return { writer, rows, distinct_rows: rows, last: rows };
    }),
  );
  const total = writers.length * each + 4;
  expect((await table.snapshot()).version).toBe(total);
  const versions = (await keysBelow(lake.store, "t/_delta_log/0")).filter((key) => key.endsWith(".json"));
  expect(versions.length).toBe(total + 1);
}, 120_000);

test("a_table_on_s3_lives_through_lost_answers_and_throttling: every operation happens once", async () => {
  const slowDown: ProxyFault = { answer: 503, body: "<Error><Code>SlowDown</Code><Message>slow</Message></Error>" };
  let turn = 0;
  await using proxy = await startFaultyProxy(server.endpoint, ({ method }) => {
    turn++;
    if (method === "PUT" && turn % 3 === 0) return "cut_answer";
    return turn % 5 === 0 ? slowDown : undefined;
  });
  await using lake = await openLake(server.url("faults", proxy.endpoint));
  const table = await createTable(lake.context, {
    schema: struct({ "id!": "long", p: "string" }),
    partitionColumns: ["p"],
    configuration: { "delta.checkpointInterval": "3", "delta.enableChangeDataFeed": "true" },
  });
  for (let id = 1; id <= 4; id++) {
    await table.append({
      rows: [
        { id, p: "ä /%=" },
        { id: id + 10, p: "ä /%=" },
      ],
    });
  }
  await table.delete({ where: [{ column: "id", op: "=", value: 2 }] });
  await table.merge({ rows: [{ id: 3, p: "moved" }] }, { key: ["id"] });
  const ids = [1, 3, 4, 11, 12, 13, 14];
  expect((await rowsOf(table)).map(({ id }) => id).toSorted((a, b) => Number(a) - Number(b))).toEqual(ids);
  const { version } = await table.optimize();
  expect(version).toBe(7);
  const { deletedFiles } = await table.vacuum({ retentionHours: 0, force: true });
  expect(deletedFiles.length).toBeGreaterThan(4);
  const again = await openTable(lake.context);
  expect((await rowsOf(again)).length).toBe(ids.length);
  expect((await again.history()).map(({ operation }) => operation)).toEqual([
    "VACUUM END",
    "OPTIMIZE",
    "MERGE",
    "DELETE",
    ...Array.from({ length: 4 }, () => "WRITE"),
    "CREATE TABLE",
  ]);
}, 120_000);
